"""A pass of onnx_ir that sets resampling operators right, also in onnxscript's pipelines.

::

    import onnx_ir
    from halfpixel.plugins.onnx_ir import FixResampling

    onnx_ir.passes.Sequential(FixResampling(), ...)(model)

The sites of the model are judged by the same rules as a file's. Where something is to change, the
model gets a new graph, and keeps its initializers: the same tensors, wherever their numbers lie.
Weights are not read. What was changed, and what was declined, is logged under the name
"halfpixel".

Source: onnx_ir `passes/_pass_infra.py`, release 1.1.0.
"""

if __name__ == "__main__":  # run as a script, this file would be what `import onnx_ir` finds
    raise SystemExit("this is a module: from halfpixel.plugins.onnx_ir import FixResampling")

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

import onnx_ir

from halfpixel.checking.check import settings_of
from halfpixel.errors import HalfpixelError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult, FixSettings
from halfpixel.formats.onnx.ir_tensors import give_back, structure
from halfpixel.printable import printable_line

if TYPE_CHECKING:
    from onnx import ModelProto

    from halfpixel.rule import Severity

LOG: Final = logging.getLogger("halfpixel")


class FixResampling(onnx_ir.passes.InPlacePass):
    """Writes every resampling operator of a model as it was meant.

    Attributes:
        settings: what may be changed.
    """

    def __init__(  # noqa: PLR0913 - one keyword an option of the command
        self,
        *,
        unsafe_fixes: bool = False,
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        expect: Sequence[str] = (),
        severity: "Severity" = "warning",
        max_opset: int | None = None,
    ) -> None:
        """Say what may be changed.

        Args:
            unsafe_fixes: make fixes that rest on an assumption too.
            select: names or patterns of rules to act on; all where empty.
            ignore: names or patterns of rules to leave out.
            expect: what is meant, as `--expect` takes it: `[NODE:]KEY=VALUE`.
            severity: the mildest severity that is repaired.
            max_opset: newest opset that the model may be taken to.

        Raises:
            UsageError: an expectation or a severity that is none.
        """
        asked = settings_of(select, ignore, expect, severity)
        self.settings = FixSettings(asked, unsafe_fixes, max_opset)

    def call(self, model: onnx_ir.Model) -> onnx_ir.passes.PassResult:
        """Fix a model in place.

        Raises:
            HalfpixelError: the model cannot be read; it stays as it is.
        """
        result = fix_in_place(model, self.settings)
        if result.error is not None:
            raise HalfpixelError(result.error) from result.cause
        for fault in result.faults:
            LOG.warning("%s", fault)
        for change in result.changes:
            LOG.info(printable_line(f"{change.node}: {change.why}: {change.text}"))
        for declined in result.declined:
            LOG.info(
                printable_line(f"{declined.node}: {declined.why}: declined: {declined.reason}")
            )
        return onnx_ir.passes.PassResult(model, modified=result.changed)


def fix_in_place(model: onnx_ir.Model, settings: FixSettings) -> FixResult:
    """Fix a model in place; where nothing changes, nothing of it is touched.

    Returns:
        What was changed and declined; its own `model` lacks the large tensors.

    Raises:
        UsageError: the settings name an unknown rule.
    """
    light, held = structure(model)
    result = fix(light, settings=settings)
    if not result.changed:
        return result
    changed = onnx_ir.from_proto(cast("ModelProto", result.model))
    give_back(changed, model, held)
    changed.graph.meta.update(model.graph.meta)  # pyright: ignore[reportUnknownMemberType]
    model.graph = changed.graph
    model.ir_version = changed.ir_version
    model.functions.clear()
    model.functions.update(changed.functions)
    model.metadata_props.update(changed.metadata_props)
    return result
