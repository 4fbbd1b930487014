"""litert_torch.convert with every resampling operator held against PyTorch's graph and set right.

::

    from halfpixel.plugins import litert

    model = litert.convert(module, (torch.zeros(1, 3, 64, 64),))
    model.export("model.tflite")

takes what litert_torch.convert takes and returns what it returns. litert-torch 0.10.0 writes every
mode="nearest" as nearest-exact, and loses scale_factor; the calls of torch.export's own graph say
what was meant. What was changed is logged under the name "halfpixel"; what is left is said as a
ResamplingWarning, one a finding.

Source: litert-torch 0.10.0 `_convert/interface.py` and `model.py`.
"""

import logging
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from halfpixel.boundary import boundary
from halfpixel.checking.check import Judge, opened, settings_of
from halfpixel.converting.calls import match_calls
from halfpixel.converting.export.to_litert import library
from halfpixel.errors import HalfpixelError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult, FixSettings
from halfpixel.intents.exported_program import GraphCall, graph_calls
from halfpixel.plugins.torch_onnx import ResamplingWarning, left
from halfpixel.printable import printable_line

if TYPE_CHECKING:
    import torch

LOG: Final = logging.getLogger("halfpixel")
NAME: Final = "the converted model"


class Converted(Protocol):
    """A litert_torch LiteRTModel, as far as it is used here."""

    def model_content(self) -> bytes:
        """Return the file's bytes."""
        ...

    def export(self, path: str) -> None:
        """Write the file."""
        ...


def convert(  # noqa: PLR0913 - litert_torch's own parameters, then one keyword an option
    module: "torch.nn.Module",
    sample_args: "tuple[Any, ...] | None" = None,
    sample_kwargs: Mapping[str, Any] | None = None,
    *,
    strict_export: Any = False,  # noqa: ANN401 - litert_torch's own
    dynamic_shapes: Any = None,  # noqa: ANN401 - likewise
    halfpixel_unsafe_fixes: bool = False,
    halfpixel_expect: Sequence[str] = (),
    **options: Any,  # noqa: ANN401 - likewise
) -> Converted:
    """Convert a module as litert_torch.convert does, and set its resampling operators right.

    Args:
        module: as for litert_torch.convert, like everything that is not named here.
        sample_args: likewise.
        sample_kwargs: likewise.
        strict_export: likewise.
        dynamic_shapes: likewise.
        halfpixel_unsafe_fixes: make fixes that rest on an assumption too.
        halfpixel_expect: what is meant, as `halfpixel fix --expect` takes it.
        options: likewise.

    Returns:
        The LiteRTModel, its file fixed; one that could not be read is as litert_torch made it.

    Raises:
        MissingExtraError: litert-torch is not installed.
        UsageError: an expectation that is none; nothing is converted.
    """
    asked = settings_of(expect=halfpixel_expect, severity="warning")
    Judge(asked)
    tools = library()
    given: dict[str, Any] = {"strict_export": strict_export, "dynamic_shapes": dynamic_shapes}
    model: Any = tools.convert(module, sample_args, sample_kwargs, **given, **options)
    try:
        with boundary(NAME), tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.tflite")
            model.export(str(path))
            program = _program(module, sample_args, sample_kwargs, given)
            result = _fixed(path, graph_calls(program), FixSettings(asked, halfpixel_unsafe_fixes))
            for change in result.changes:
                LOG.info(printable_line(f"{change.node}: {change.text}"))
            for line in left(result, NAME):
                warnings.warn(printable_line(line), ResamplingWarning, stacklevel=2)
            if result.error is None and result.changes:
                model = type(model)(cast("bytes", result.model))
                written = options.get("output_file_path")
                if written is not None:
                    model.export(written)
    except (HalfpixelError, OSError) as error:  # the model must not be lost for it
        told = f"{NAME}: is as litert_torch.convert made it, nothing was fixed: {error}"
        warnings.warn(printable_line(told), ResamplingWarning, stacklevel=2)
    return cast("Converted", model)


def _program(
    module: "torch.nn.Module",
    args: "tuple[Any, ...] | None",
    kwargs: Mapping[str, Any] | None,
    given: Mapping[str, Any],
) -> "torch.export.ExportedProgram":
    """Return PyTorch's own graph of a module, as litert_torch asks for it."""
    import torch

    return torch.export.export(
        module,
        args or (),
        dict(kwargs or {}),
        dynamic_shapes=given["dynamic_shapes"],
        strict=given["strict_export"] is True,
    )


def _fixed(path: Path, calls: Sequence[GraphCall], settings: FixSettings) -> FixResult:
    """Return a file fixed by the calls that its sites were."""
    from msgspec.structs import replace

    model = opened(path)
    outputs = [end.output for end in model.site_values]
    found = match_calls(calls, model.sites, outputs)
    sites = model.sites
    intents = {
        (sites[site].graph, sites[site].name): intent
        for site, call in found.sites.items()
        if (intent := calls[call].intent) is not None
    }
    return fix(model, settings=replace(settings, check=replace(settings.check, intents=intents)))
