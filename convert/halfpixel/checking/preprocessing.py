"""What resized the images that a network was trained on, against what its file does with them.

A model may take a whole image and resize it itself: its own first resize is then asked whether it
does what training did. Or it takes what was resized already: then it has to take that size.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.called import reading_of
from halfpixel.checking.result import FileReport
from halfpixel.conventions.torch.interpolate import Interpolate, candidates
from halfpixel.errors import UsageError
from halfpixel.origin import Intent
from halfpixel.pipeline.sizes import Exactly, shown
from halfpixel.pipeline.steps import Cropping, Padding, Pipeline, RatioCrop
from halfpixel.preprocessor import pipeline_of
from halfpixel.sampling import Resize, Sampling, compare
from halfpixel.site import Site
from halfpixel.work import spend

if TYPE_CHECKING:
    from halfpixel.format import Opened, Port
    from halfpixel.surroundings import Dim

MOVES: Final = frozenset(
    {"add", "cast", "clip", "concat", "const", "constant", "dequantizelinear", "div", "expand_dims"}
    | {"gather", "identity", "mul", "quantizelinear", "real_div", "reverse", "slice", "split"}
    | {"squeeze", "strided_slice", "sub", "transpose", "unsqueeze", "scale", "bias", "permute"}
)
"""Operators between an image and its first resize, of every format: of channels and values."""

FARTHEST: Final = 64
"""Values that are followed back from a resize."""

CHANNELS: Final = frozenset({1, 3, 4})


class Readied(Struct, frozen=True):
    """How the images of a network were readied, as it is written down.

    Attributes:
        name: the file that says so, or the call.
        pipeline: what it says.
        sampling: what its first resize computes along the height and the width; None where it
            resizes nothing, or no more is known of it.
        call: the F.interpolate that computes the same, its lengths left open; None where none does.
    """

    name: str
    pipeline: Pipeline
    sampling: Sampling | None = None
    call: Interpolate | None = None

    def of_sites(self, model: "Opened", sites: Sequence[Site]) -> tuple[Site, ...]:
        """Return the sites of a model, its own first resizes with what was meant of them."""
        if self.sampling is None or not sites:
            return tuple(sites)
        first = on_image(model)
        return tuple(
            self.expected(site) if place in first else site for place, site in enumerate(sites)
        )

    def noticed(self, model: "Opened", report: FileReport) -> FileReport:
        """Return a report with what is to be said of how images are readied for its model."""
        first = on_image(model) if report.sites else frozenset[int]()
        found = [self._of_resize(report.sites[place]) for place in sorted(first)]
        found = found or [self.notice(model)]
        lines = [line for line, _ in found if line] + list(self.pipeline.doubts)
        told = tuple(f"{report.path}: {line}" for line in lines)
        wrong = any(wrong for _, wrong in found)
        return replace(report, notices=(*report.notices, *told), mismatched=wrong)

    def _of_resize(self, site: Site) -> tuple[str, bool]:
        """Return what training did around its resize, and not the model; and as `notice` does."""
        made, resizing = self.pipeline.output, self.pipeline.resizing
        operator = site.operator
        if resizing is None or not isinstance(operator, Resize) or len(operator.axes) != 2:
            return "", False
        outs = [site.operation.lengths[1][axis] for axis, _ in operator.axes]
        fixed = [n for n in outs if n is not None]
        node, by = f"node {site.path!r}", f"{self.name} ({self.pipeline.by})"
        if made is not None and len(fixed) == 2 and made != (fixed[0], fixed[1]):
            here = shown((fixed[0], fixed[1]))
            return f"{node} makes {here} of an image, and {by} makes {shown(made)}", True
        around = [
            one.words
            for one in self.pipeline.steps
            if isinstance(one, Cropping | RatioCrop | Padding)
        ]
        if not around:
            return "", False
        done = " and ".join(dict.fromkeys(around))
        return (
            f"{node} resizes the whole image; {by} resizes {resizing.rule.words}, and {done}",
            False,
        )

    def expected(self, site: Site) -> Site:
        """Return the model's own first resize with what was meant of it."""
        operation, resizing = site.operation, self.pipeline.resizing
        operator = operation.operator
        if self.sampling is None or resizing is None or not isinstance(operator, Resize):
            return site
        axes = tuple(axis for axis, _ in operator.axes)
        if len(axes) != 2:
            return site
        if isinstance(resizing.rule, Exactly):
            operation = replace(operation, origin=replace(operation.origin, literal_size=True))
        ins, outs = (tuple(lengths[axis] for axis in axes) for lengths in operation.lengths)
        size = None if None in ins else (ins[0] or 1, ins[1] or 1)
        text = resizing.text(size)
        origin = f"{self.name}: {self.pipeline.by}"
        if self.call is None:
            meant = Resize(tuple((axis, self.sampling) for axis in axes))
            return replace(
                site, operation=operation.meaning(Intent("policy", origin, text, operator=meant))
            )
        # at the lengths that the node has: another size is told, and never written into a model
        intent = Intent("policy", origin, text, replace(self.call, size=outs))
        return replace(site, operation=operation.meaning(intent))

    def notice(self, model: "Opened") -> tuple[str, bool]:
        """Return what is to be said of a model that resizes no image itself.

        Returns:
            A line, and whether the model takes another size than its images have.
        """
        made, taken = self.pipeline.output, image_size(model.inputs)
        by = f"{self.name} ({self.pipeline.by})"
        how = "" if self.pipeline.resizing is None else self.pipeline.resizing.text()
        resized = f" by {how}" if how else ""
        if taken is None:
            return f"it has no input that is an image, and {by} is about none", False
        fixed = [n for n in taken if isinstance(n, int)]
        words = shown((fixed[0], fixed[1])) if len(fixed) == 2 else "images of several sizes"
        if made is None:
            return (
                f"it takes {words}; {by} makes sizes that follow from the image's{resized}",
                False,
            )
        wrong = any(isinstance(n, int) and n != m for n, m in zip(taken, made, strict=True))
        if wrong:
            return f"it takes {words}, and {by} makes {shown(made)}{resized}", True
        if len(fixed) == 2:
            return f"it takes {words}, which {by} makes{resized}", False
        return f"it takes {words}, and {by} makes {shown(made)}{resized}", False


def readied_by(subject: str) -> Readied:
    """Return how images are readied, as a configuration file or a call says it.

    Raises:
        UsageError: it cannot be read, or says nothing of images.
    """
    pipeline = pipeline_of(subject)
    name = subject if len(subject) < 100 else f"{subject[:100]}..."
    resizing = pipeline.resizing
    if resizing is None or not resizing.call:
        return Readied(name, pipeline)
    try:
        _, reading = reading_of(resizing.text())
    except UsageError as error:  # no dictionary has the call: what it computes is not known
        doubt = f"what it computes is not known, and not asked of the model: {error}"
        return Readied(name, replace(pipeline, doubts=(*pipeline.doubts, doubt)))
    sampling = reading.samplings[0]
    if sampling is None or any(one != sampling for one in reading.samplings):
        return Readied(name, pipeline)
    same = (one for one in candidates(2, scaled=None) if compare(one.sampling(0), sampling).equal)
    return Readied(name, pipeline, sampling, next(same, None))


def on_image(model: "Opened") -> frozenset[int]:
    """Return the places of the sites that read the model's image, with nothing between that counts.

    Followed back over operators that move channels or values alone, whatever the format.
    """
    makers = {value.name: value for value in model.values if not value.graph}
    inputs = {port.name for port in model.inputs}
    found: set[int] = set()
    for place, site in enumerate(model.site_values):
        if not site.main:
            continue
        left, seen = [site.data], {site.data}
        reaches, plain = False, True
        while left and plain and len(seen) <= FARTHEST:
            spend()
            name = left.pop()
            reaches |= name in inputs
            maker = makers.get(name)
            if maker is None:
                continue
            plain = maker.op.lower() in MOVES
            left += [one for one in maker.reads if one not in seen]
            seen.update(maker.reads)
        if reaches and plain and not left:
            found.add(place)
    return frozenset(found)


def image_size(ports: "Sequence[Port]") -> "tuple[Dim, Dim] | None":
    """Return the height and width of a model's first image input; None where it has none.

    >>> from halfpixel.format import Port
    >>> image_size([Port("x", "float32", (1, 224, 192, 3))])
    (224, 192)
    """
    for port in ports:
        shape = port.shape
        if shape is None or len(shape) not in {3, 4}:
            continue
        first, last = shape[-3], shape[-1]
        behind = last in CHANNELS and first not in CHANNELS
        return (shape[-3], shape[-2]) if behind else (shape[-2], shape[-1])
    return None
