"""One side of a comparison: a call in any convention's words, or a node of a model."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.called import ATEN, Called, called
from halfpixel.checking.check import opened
from halfpixel.checking.comparing.made import made_apart
from halfpixel.checking.subject import file_and_node, site_named
from halfpixel.convention import Convention, Reading, Remark, load_conventions
from halfpixel.conventions.python_call import parse
from halfpixel.conventions.torch.sampler_call import MeanPool
from halfpixel.conventions.vocabulary import Words
from halfpixel.errors import ConventionError, GraphError, UsageError, did_you_mean
from halfpixel.pipeline.sizes import Exactly
from halfpixel.pipeline.steps import Cropping, Padding, Pipeline, RatioCrop, Step, Values
from halfpixel.preprocessor import is_written, pipeline_of
from halfpixel.sampling import Resize, Sampling, Table
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.site import Lengths, Site
from halfpixel.work import spend

DTYPES: Final = {"FLOAT": "float32", "DOUBLE": "float64"}
"""Element types that ONNX has other names for."""

Shapes = Mapping[str, tuple[int, ...]]


class Side(Struct, frozen=True):
    """What is compared.

    Attributes:
        subject: the text that names it.
        text: the call, or the node's operator, in its own words.
        name: whose words these are.
        operator: what it computes, where that is more than a sampling along each axis.
        reading: what it computes along its spatial axes, whatever their lengths; None for a
            sampler.
        ins: input lengths that a model fixes, height before width; None each where free.
        remarks: what is done beside the weights.
        convention: the dictionary of its words, where there is one.
        called: what is called, as a user calls it.
        site: the node of a model.
    """

    subject: str
    text: str
    name: str
    operator: object = None
    reading: Reading | None = None
    ins: Lengths = ()
    remarks: tuple[Remark, ...] = ()
    convention: Convention | None = None
    called: str = ""
    site: Site | None = None

    @property
    def axes(self) -> int:
        """Number of spatial axes; 0 of a sampler."""
        return 0 if self.reading is None else len(self.reading.samplings)

    @property
    def by_lengths(self) -> bool:
        """Whether what it computes hangs on all input lengths together."""
        return self.reading is not None and self.reading.by_lengths is not None

    @property
    def scale(self) -> Fraction | None:
        """The factor that all axes have whose samplings have one."""
        samplings = () if self.reading is None else self.reading.samplings
        scales = {one.scale for one in samplings if one is not None}
        return scales.pop() if len(scales) == 1 else None

    def made(self, axis: int) -> tuple[tuple[int, int], ...]:
        """Return output lengths of some input lengths, where an axis's factor gives others."""
        sampling = None if self.reading is None else self.reading.samplings[axis]
        if sampling is None or sampling.scale is None:
            return ()
        return made_apart(sampling.scale, lambda n: self.at((n,) * self.axes).lengths[axis])

    def at(self, lengths: tuple[int, ...]) -> Reading:
        """Return what it computes for input lengths, one a spatial axis, height before width.

        Raises:
            ConventionError: lengths that it does not take.
        """
        if self.reading is None:
            raise ConventionError(f"{self.text} samples at coordinates that are data")
        if self.site is not None:
            return _node_at(self.site, self.reading, lengths)
        if self.reading.by_lengths is not None or self.convention is None:
            return self.reading.at(lengths)
        known = {n: self.convention.read(self.text, n) for n in dict.fromkeys(lengths)}
        return Reading(
            tuple(known[n].samplings[axis] for axis, n in enumerate(lengths)),
            tuple(known[n].lengths[axis] for axis, n in enumerate(lengths)),
            self.reading.remarks,
        )


def side_of(subject: str, shapes: Shapes | None = None) -> Side:
    """Return what a text names: a node of a model, or a call of any convention.

    Args:
        subject: ``model.onnx:NODE``, a model with one site, or a call.
        shapes: of a model: lengths of its inputs, by name.

    Raises:
        UsageError: it is neither, or several nodes and none is named.
        HalfpixelError: the model cannot be read.
    """
    if is_written(subject):
        return _of_pipeline(subject)
    named = file_and_node(subject)
    if named is not None:
        path, node = named
        folder = isinstance(path, Path) and path.is_dir()
        if folder and path.suffix not in {".mlpackage", ".mlmodelc"}:
            raise UsageError(f"{subject!r} is a folder: expected a model file or a call")
        return _of_site(subject, site_named(opened(path), path, node, shapes or {}))
    if "(" not in subject:
        raise UsageError(_unknown(subject))
    return _of_call(subject, called(subject))


def _unknown(subject: str) -> str:
    from halfpixel.checking.example_calls import names_known

    near = did_you_mean(subject.rpartition(".")[2] or subject, names_known())
    return (
        f"{subject!r} is no model file and no call: expected a call, as "
        f'"F.interpolate(x, scale_factor=2)", or MODEL:NODE{near}'
    )


def _of_call(subject: str, found: Called) -> Side:
    reading, operator = found.reading, found.operator
    remarks: tuple[Remark, ...] = ()
    convention = found.convention
    name = parse(found.text).name
    if convention is not None and reading is not None:
        reading = convention.read(found.text, None)
        about = (one for one in convention.remarks if one.concerns(reading.samplings))
        remarks = (*about, *reading.remarks)
    elif reading is not None and not name.startswith(ATEN):
        raise UsageError(f"{found.text}: it is read at one length alone")
    if isinstance(operator, MeanPool):
        reading = pooled(operator)
    return Side(
        subject.strip(), found.text, found.name, operator, reading,
        remarks=remarks, convention=convention, called=name,
    )  # fmt: skip


def _of_pipeline(subject: str) -> Side:
    """Return the first resize of what readies images: its output follows from both lengths."""
    pipeline = pipeline_of(subject)
    resizing = pipeline.resizing
    if resizing is None or not resizing.call:
        raise UsageError(f"{subject}: it says of no resize what it computes")
    side = _of_call(subject, called(resizing.text()))
    convention, reading = side.convention, side.reading
    if convention is None or reading is None:
        return side

    def at(lengths: tuple[int, ...]) -> Reading:
        found = convention.read(resizing.text((lengths[0], lengths[1])), None)
        return replace(found.at(lengths), by_lengths=None)

    if not isinstance(resizing.rule, Exactly):
        reading = replace(reading, by_lengths=at)
    others = (_beside(pipeline, step) for step in pipeline.steps)
    remarks = (*side.remarks, *(one for one in others if one is not None))
    return replace(side, name=f"{pipeline.by}, {side.name}", reading=reading, remarks=remarks)


def _beside(pipeline: Pipeline, step: Step) -> Remark | None:
    """Return what another step does to the image; None where it moves nothing."""
    match step:
        case Cropping() | RatioCrop() | Padding():
            return Remark("output length", f"{pipeline.by} {step.words}, too")
        case Values(kind="colour", words=words):
            return Remark("colour order", words)
        case Values(kind="order", words=words):
            return Remark("axis order", words)
        case _:
            return None


def _of_site(subject: str, site: Site) -> Side:
    operation = site.operation
    if site.operator is None:
        raise GraphError(subject, site.path, operation.problem or "it cannot be described")
    convention = next((one for one in load_conventions() if one.nearness(site.op) == 0), None)
    side = Side(
        subject,
        Words(site.op, operation.attributes).text(),
        f"{operation.dialect.name} {site.op}, {operation.version}",
        convention=convention,
        called=site.op,
        site=site,
    )
    if not isinstance(site.operator, Resize):
        return replace(side, operator=site.operator)
    axes = _spatial(site.operator, operation.rank, operation.spatial)
    ins, outs = operation.lengths
    sizes = operation.sizes if operation.sizes and len(operation.sizes) == operation.rank else None
    fixed = tuple(
        sizes[axis] if sizes is not None else outs[axis] if operation.by != "scales" else None
        for axis in axes
    )
    samplings = tuple(site.operator.sampling(axis) for axis in axes)
    dtype = DTYPES.get(operation.dtype, operation.dtype.lower())
    told = () if convention is None else convention.remarks
    return replace(
        side,
        reading=Reading(samplings, fixed),
        ins=tuple(ins[axis] for axis in axes),
        remarks=tuple(one for one in told if one.concerns(samplings, dtype)),
    )


def _spatial(resize: Resize, rank: int, spatial: int) -> tuple[int, ...]:
    """Return the spatial axes of a node: those that it resamples, and those between them.

    >>> from halfpixel.sampling import Linear
    >>> one = Sampling("half_pixel", Linear())
    >>> _spatial(Resize(((1, one), (2, one))), 4, 2), _spatial(Resize(((3, one),)), 4, 2)
    ((1, 2), (2, 3))
    """
    resampled = [axis for axis, _ in resize.axes] or [rank - 1]
    first = max(rank - spatial, 0)
    if min(resampled) >= first:
        return tuple(range(first, rank))
    last = max(resampled)
    if rank == spatial + 2 and min(resampled) >= 1 and last <= spatial:
        return tuple(range(1, spatial + 1))  # channels are last
    return tuple(range(min(resampled), last + 1))


def _node_at(site: Site, reading: Reading, lengths: tuple[int, ...]) -> Reading:
    """Return what a node computes for input lengths, by its sizes or its scales."""
    operation = site.operation
    if not isinstance(site.operator, Resize) or operation.by != "scales":
        return reading
    axes = _spatial(site.operator, operation.rank, operation.spatial)
    scales = operation.scales or ()
    if len(scales) != operation.rank:
        return reading
    outs = tuple(
        output_length_float32(n, scales[axis]) for n, axis in zip(lengths, axes, strict=True)
    )
    return Reading(reading.samplings, outs)


def pooled(operator: MeanPool) -> Reading:
    """Return an average pooling as what it computes along its axes, for each of their lengths.

    >>> pooled(MeanPool((2, 2), (2, 2))).at((4, 6)).lengths
    (2, 3)
    """

    def at(lengths: tuple[int, ...]) -> Reading:
        if any(n < kernel for n, kernel in zip(lengths, operator.kernel, strict=True)):
            raise ConventionError(f"a window of {max(operator.kernel)} on {min(lengths)} pixels")
        tables = [
            _windows(n, kernel, step)
            for n, kernel, step in zip(lengths, operator.kernel, operator.strides, strict=True)
        ]
        outs = tuple(len(table.rows) for table in tables)
        return Reading(tuple(Sampling("half_pixel", table) for table in tables), outs)

    free = (None,) * len(operator.kernel)
    return Reading(free, free, by_lengths=at)


def _windows(n_in: int, kernel: int, step: int) -> Table:
    """Return the windows of an average pooling along one axis."""
    spend((n_in + kernel) // 4)
    starts = range(0, n_in - kernel + 1, step)
    weight = Fraction(1, kernel)
    return Table(n_in, tuple(tuple((j, weight) for j in range(i, i + kernel)) for i in starts))
