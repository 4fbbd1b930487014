"""torch.onnx.export with every resampling operator checked and set right.

::

    from halfpixel.plugins import torch_onnx

    program = torch_onnx.export(model, args, "model.onnx", dynamic_shapes=...)

takes what torch.onnx.export takes, returns what it returns, and writes what it writes, with safe
fixes made in the file and in the ONNXProgram. What is left is said as a ResamplingWarning, one a
finding. Weights are not read, and stay where the exporter put them.

Source: torch/onnx/__init__.py and torch/onnx/_internal/exporter/_onnx_program.py, release 2.13.0.
"""

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from halfpixel.checking.check import Judge, settings_of
from halfpixel.checking.result import Report
from halfpixel.errors import HalfpixelError, MissingExtraError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult, FixSettings
from halfpixel.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx_ir


class ResamplingWarning(UserWarning):
    """A resampling operator of an exported model does not compute what was meant."""


class Program(Protocol):
    """A torch.onnx.ONNXProgram, as far as it is used here."""

    model: "onnx_ir.Model"

    def release(self) -> None:
        """Let go of the session that runs the model as it was."""
        ...


def export(  # noqa: PLR0913 - torch's own positions, then one keyword an option
    model: object,
    args: object = (),
    f: "str | os.PathLike[str] | io.BytesIO | None" = None,
    *rest: object,
    halfpixel_unsafe_fixes: bool = False,
    halfpixel_expect: Sequence[str] = (),
    halfpixel_select: Sequence[str] = (),
    halfpixel_ignore: Sequence[str] = (),
    halfpixel_max_opset: int | None = None,
    **options: object,
) -> "Program | None":
    """Export a model as torch.onnx.export does, and set its resampling operators right.

    Args:
        model: as for torch.onnx.export, like everything that is not named here.
        args: likewise.
        f: likewise; the file is written, then fixed in its place.
        rest: likewise, for releases of torch that take more positions.
        halfpixel_unsafe_fixes: make fixes that rest on an assumption too.
        halfpixel_expect: what is meant, as `halfpixel fix --expect` takes it.
        halfpixel_select: names or patterns of rules to act on; all where empty.
        halfpixel_ignore: names or patterns of rules to leave out.
        halfpixel_max_opset: newest opset that the model may be taken to.
        options: likewise.

    Returns:
        What torch.onnx.export returns: an ONNXProgram, or None with dynamo=False.

    Raises:
        MissingExtraError: torch is not installed.
        UsageError: a halfpixel option that is none; nothing is exported.
    """
    asked = settings_of(halfpixel_select, halfpixel_ignore, halfpixel_expect, "warning")
    Judge(asked)  # an unknown rule is told before the export takes its time
    settings = FixSettings(asked, halfpixel_unsafe_fixes, halfpixel_max_opset)
    try:
        torch_export: Callable[..., object] = import_module("torch.onnx").export
    except ImportError as error:
        raise MissingExtraError("torch", "torch") from error
    program = cast("Program | None", torch_export(model, args, f, *rest, **options))
    if f is not None:
        name = "the exported model" if isinstance(f, io.BytesIO) else os.fspath(f)
        try:
            _warn(_fix_written(f, settings), name)
        except (HalfpixelError, OSError) as error:  # the program must not be lost for it
            told = f"{name}: is as torch.onnx.export wrote it, nothing was fixed: {error}"
            warnings.warn(printable_line(told), ResamplingWarning, stacklevel=2)
    if program is not None:
        result = fix_program(program, settings)
        if f is None:
            _warn(result, "the exported program")
    return program


def check_program(onnx_program: object, *, expect: Sequence[str] = ()) -> Report:
    """Judge the resampling operators of a torch.onnx.ONNXProgram in memory.

    Args:
        onnx_program: the program; its weights are not read.
        expect: what is meant, as `halfpixel check --expect` takes it.

    Returns:
        The report; a graph that cannot be read is an error in it, not an exception.

    Raises:
        UsageError: an expectation that is none.
    """
    from halfpixel.formats.onnx.ir_tensors import structure

    judge = Judge(settings_of(expect=expect))
    light, _ = structure(cast("Program", onnx_program).model)
    return Report((judge.file(light, "<program>"),))


def fix_program(program: Program, settings: FixSettings) -> FixResult:
    """Fix an ONNXProgram in place; its exported_program stays as it is."""
    from halfpixel.plugins.onnx_ir import fix_in_place

    result = fix_in_place(program.model, settings)
    if result.changed:
        program.release()  # verify=True leaves a session that runs the model as it was
    return result


def _fix_written(f: "str | os.PathLike[str] | io.BytesIO", settings: FixSettings) -> FixResult:
    """Fix what the exporter wrote, in its place."""
    if not isinstance(f, io.BytesIO):
        path = Path(f)
        result = fix(path, settings=settings)
        if result.changed:
            result.save(path)
        return result
    from onnx import ModelProto

    result = fix(ModelProto.FromString(f.getvalue()), settings=settings)
    if result.changed:
        whole = io.BytesIO()
        result.copy_out(whole)  # where this fails, what was exported is still there
        f.seek(0)
        f.truncate()
        f.write(whole.getbuffer())
    return result


def _warn(result: FixResult, name: str) -> None:
    for line in left(result, name):
        warnings.warn(printable_line(line), ResamplingWarning, stacklevel=3)


def left(result: FixResult, name: str) -> Iterator[str]:
    """Yield a line for each finding that is left, and why it was not fixed."""
    if result.error is not None:
        yield f"{name}: halfpixel could not read it: {result.error}"
        return
    reasons = {(one.graph, one.node, one.why): one.reason for one in result.declined}
    for one in () if result.report is None else result.report.findings:
        site, rule, finding = one.site, one.rule.name, one.finding
        reason = reasons.get((site.graph, site.name, rule), finding.declined)
        why = f" (not fixed: {reason})" if reason else ""
        where = f"{site.graph}/{site.name}" if site.graph else site.name
        yield f"{name}: {where} ({site.op}): {finding.severity} {rule}: {finding.message}{why}"
