"""From ONNX to LiteRT: the file as onnx2tf is given it, and what its own sites compute.

No PyTorch is asked. Each site of the ONNX model says what the site that it becomes has to compute,
and where the new file cannot say it, the resize is written in plain operators beforehand.
"""

from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.checking.check import Settings as CheckSettings
from halfpixel.checking.check import opened
from halfpixel.checking.shapes import sites_at
from halfpixel.converting.calls import kind as kind_of_site
from halfpixel.converting.calls import kind_of
from halfpixel.converting.inputs import cases_of_arrays
from halfpixel.converting.onnx_in.module import sized
from halfpixel.converting.result import ConvertSettings
from halfpixel.converting.source import Source, feeds_of
from halfpixel.errors import ModelFileError, UsageError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.formats.onnx.read.external_data import whole_model
from halfpixel.intents.exported_program import GraphCall
from halfpixel.origin import Intent
from halfpixel.runtime import Side
from halfpixel.runtimes.drawn import USUAL_RANGE
from halfpixel.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    from halfpixel.converting.calls import Kind

LARGEST: Final = 1 << 30
"""Bytes of a model beyond which its weights go to a file beside it."""


def file_source(
    path: Path, settings: ConvertSettings, stage: "Callable[[str], None] | None" = None
) -> Source:
    """Return an ONNX model as a source that is converted as it is.

    Args:
        path: the file.
        settings: shapes of its inputs where they are free.
        stage: told what is done next.

    Raises:
        UsageError: a length is free and not given, or names are given that the file has already.
        ModelFileError: the file cannot be read.
    """
    if settings.input_names or settings.output_names:
        raise UsageError(f"{path}: has names already, which stay as they are")
    if settings.dynamic != type(settings.dynamic)():
        raise UsageError(f"{path}: lengths become fixed on the way from ONNX: no --dynamic")
    model = opened(path)
    ports = tuple(sized(path, model.inputs, settings.inputs))
    shapes = {port.name: tuple(n for n in port.shape or () if isinstance(n, int)) for port in ports}
    found = Source(str(path), None, ports, {}, reference=Side(str(path)), deferred=True)
    found.stage = stage or found.stage
    found.limits = settings.limits or USUAL_RANGE
    found.arrays = cases_of_arrays(settings, ports, {})
    found.feeds = found.arrays[0] if found.arrays else feeds_of(ports, found.limits, 0)
    found.calls = tuple(map(_call, sites_at(model, shapes)))
    return found


def _call(site: Site) -> GraphCall:
    """Return a site as what the site that it becomes has to compute."""
    text = site.torch_call or f"what {site.op} computes in the ONNX model"
    intent = None
    if site.operator is not None:
        intent = Intent("recorded", "the ONNX model", text, operator=site.operator)
    shapes = site.input_shape, site.output_shape
    where = site.source or f"node {site.path}"
    return GraphCall(
        site.path, f"onnx.{site.op}", kind_of_site(site), intent, *shapes, source=where
    )


def prepared(source: Source, folder: Path, kinds: "frozenset[Kind]") -> Path:
    """Write a copy of the model with all lengths fixed: onnx2tf writes over what it is given.

    Args:
        source: of `file_source`.
        folder: where the copy is written.
        kinds: resizes that are written in plain operators.

    Raises:
        ModelFileError: the file cannot be read.
    """
    import onnx

    path = Path(source.name)
    model = whole_model(path)
    _set_lengths(model, source)
    wanted = ((call.name, kind_of(call)) for call in source.calls)
    lower = [(escape(name), _operators(kind)) for name, kind in wanted if kind in kinds]
    if lower:
        untouched = CheckSettings(ignore=("*",))
        found = fix(model, settings=FixSettings(untouched, lower=tuple(lower)))
        if found.error is not None:
            raise ModelFileError(path, found.error)
        model = cast("ModelProto", found.model)
    written = folder / "model.onnx"
    large = model.ByteSize() > LARGEST
    save = cast("Any", onnx).save
    save(model, written, save_as_external_data=large, location="weights.bin")
    return written


def _operators(kind: "Kind | None") -> str:
    """Return what a resize is written as, as `fix --lower` has it."""
    return "gather" if kind is not None and kind[0].startswith("nearest") else "matmul"


def _set_lengths(model: "ModelProto", source: Source) -> None:
    """Write the lengths of its inputs into a model; what hangs on them is inferred anew."""
    shapes = {port.name: port.shape or () for port in source.inputs}
    for value in model.graph.input:
        dims, wanted = value.type.tensor_type.shape.dim, shapes.get(value.name)
        if wanted is None or [one.dim_value for one in dims] == list(wanted):
            continue  # an initializer, or as long as it is
        del dims[:]
        for length in wanted:
            dims.add(dim_value=cast("int", length))
        del model.graph.value_info[:]
