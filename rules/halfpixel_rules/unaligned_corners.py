"""A resize aligns corners, and the features that it enlarges do not lie on the corners.

## Why it matters
The DeepLab papers align corners throughout: odd kernels with SAME padding, input lengths of
stride * n + 1 and resizes to (n - 1) * k + 1, so that every feature lies on a pixel of the input.
An even strided kernel has no middle: its features lie half a pixel beside the pixels. One without
SAME padding starts inside the image. At 512 in place of 513, with strides of 16 in all, the last
feature lies 15 pixels from the edge. Then 32 pixels become 64 by a step of 31/63.

## Where it comes from
Encoders of other networks (max pooling of 2 x 2, VALID convolutions) under a decoder with
align_corners=True, nn.UpsamplingBilinear2d(scale_factor=2), DeepLab at 512 x 512. Source: L.-C.
Chen et al., 2018, and the notes on crop sizes of the TensorFlow DeepLab code.

## What is reported
A note, where it is asked for: `--select unaligned-corners`, or `--expect align_corners=true`, which
says that corners are aligned on purpose. Most networks with align_corners=True were never built so,
and compute what they were trained for. Only lengths that the file fixes are judged, and only layers
between the resize and the image, or the resize before.

## Fix safety
None: another kernel, padding or length is another network.
"""

from collections.abc import Iterator
from math import prod

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.origin import Intent
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from halfpixel.surroundings import StridedLayer

DECLINED = "another kernel, padding or length is another network"
NAMES = ("even-kernel", "misaligned-upsampling", "unaligned-input", "unpadded-stride")


def check(site: Site) -> Iterator[Finding]:
    """Hold what stands before an enlarging linear resize with aligned corners against the rules."""
    operator = _aligned(site)
    if operator is None:
        return
    said = [text for text in (_layers(site) or _input(site), _step(site, operator)) if text]
    if said:
        yield Finding("; ".join(said), "note", "proven", declined=DECLINED)


def _aligned(site: Site) -> Resize | None:
    """Return the operator of an enlarging linear resize with aligned corners, else None."""
    operator = site.operator
    if not isinstance(operator, Resize) or not operator.axes:
        return None
    linear = all(isinstance(s.kernel, Linear) for _, s in operator.axes)
    corners = all(s.coordinate == "align_corners" for _, s in operator.axes)
    ins, outs = site.operation.lengths
    pairs = [(ins[axis], outs[axis]) for axis, _ in operator.axes]
    shrinking = any(n is not None and m is not None and m < n for n, m in pairs)
    single = any(n == 1 for n, _ in pairs)
    return operator if linear and corners and not shrinking and not single else None


def _layers(site: Site) -> str:
    """Return what is wrong with the strided layers before the site; empty where nothing is."""
    for layer in site.operation.surroundings.layers:
        for kernel, stride in zip(layer.kernel, layer.strides, strict=False):
            if stride > 1 and kernel % 2 == 0:
                return (
                    f"{layer.op} with a kernel of {kernel} strides before it, so that features lie "
                    "half a pixel beside the pixels"
                )
            if stride > 1 and not layer.same:
                return (
                    f"{layer.op} with a kernel of {kernel} strides before it without SAME padding, "
                    "so that features do not reach the corners"
                )
    return ""


def _input(site: Site) -> str:
    """Return what is wrong with the model's input lengths; empty where nothing is."""
    around = site.operation.surroundings
    if around.model_shape is None or any(not layer.strides for layer in around.layers):
        return ""  # there is no image, or a resize stands between it and the site
    for place, length in enumerate(around.model_shape[2:]):
        stride = prod(layer.strides[place] for layer in around.layers if len(layer.strides) > place)
        if isinstance(length, int) and stride > 1 and (length - 1) % stride:
            fitting = (length - 1) // stride * stride + 1
            return (
                f"the model's input has length {length} (axis {place + 2}) and strides of {stride} "
                f"in all, so that the last feature lies {length - fitting} px from the edge: "
                f"{fitting} or {fitting + stride} would put it there"
            )
    return ""


def _step(site: Site, operator: Resize) -> str:
    """Return at which lengths input pixels fall between the samples; empty where none do."""
    ins, outs = site.operation.lengths
    for axis, _ in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None or n_in == 1 or (n_out - 1) % (n_in - 1) == 0:
            continue
        factor = max(round((n_out - 1) / (n_in - 1)), 1)
        return (
            f"length {n_in} to {n_out} (axis {axis}) is a step of {n_in - 1}/{n_out - 1}: "
            f"{factor * (n_in - 1) + 1} would keep every input pixel"
        )
    return ""


def wanted(site: Site) -> bool:
    """Whether the user expects aligned corners of the site."""
    intent = site.intent
    if intent is None or intent.call is None or not (intent.how == "policy" or intent.agreed):
        return False
    return bool(intent.call.align_corners)


_UP = Resize(((2, Sampling("align_corners", Linear())),))
_CALL = parse_call('F.interpolate(x, scale_factor=2.0, mode="linear", align_corners=True)')
_ODD = StridedLayer("Conv", (3,), (2,), same=True)
_EVEN = StridedLayer("MaxPool", (2,), (2,), same=False)
_BEFORE = StridedLayer("Resize", (), (), same=True)
_LIKE: Facts = {
    "intent": Intent("policy", "expected: align_corners=True", _CALL.text(), _CALL),
    "input_shape": (1, 3, 33),
    "output_shape": (1, 3, 65),
    "model_shape": (1, 3, 129),
    "layers": (_ODD, _ODD),
}


def _bad(message: str, **facts: object) -> Bad:
    site = example_site("Resize", _UP, {**_LIKE, **facts})
    return Bad(site, Finding(message, "note", "proven", declined=DECLINED))


_NOT_ASKED = example_site("Resize", _UP, {**_LIKE, "layers": (_ODD, _EVEN)})

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _UP, _LIKE)),
        Good(
            replace(_NOT_ASKED, operation=_NOT_ASKED.operation.meaning(None)),
            because="nobody says that corners are aligned on purpose",
        ),
        Good(
            example_site(
                "Resize", _UP, {**_LIKE, "layers": (_BEFORE,), "model_shape": (1, 3, 128)}
            ),
            because="features come from another resize, not from the model's input",
        ),
        Good(
            example_site(
                "Resize",
                Resize(((2, Sampling("half_pixel", Linear())),)),
                {**_LIKE, "layers": (_EVEN,)},
            ),
            because="half pixels are right with even kernels",
        ),
        _bad(
            "MaxPool with a kernel of 2 strides before it, so that features lie half a pixel "
            "beside the pixels",
            layers=(_ODD, _EVEN),
        ),
        _bad(
            "Conv with a kernel of 3 strides before it without SAME padding, so that features do "
            "not reach the corners",
            layers=(StridedLayer("Conv", (3,), (2,), same=False),),
        ),
        _bad(
            "the model's input has length 512 (axis 2) and strides of 16 in all, so that the last "
            "feature lies 15 px from the edge: 497 or 513 would put it there",
            layers=(_ODD,) * 4,
            model_shape=(1, 3, 512),
        ),
        _bad(
            "length 32 to 64 (axis 2) is a step of 31/63: 63 would keep every input pixel",
            input_shape=(1, 3, 32),
            output_shape=(1, 3, 64),
        ),
    ),
    aliases=NAMES,
    wanted=wanted,
)
