"""An example of a call, where only the name of what is called is given."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from halfpixel.convention import Convention, load_conventions
from halfpixel.conventions.plain_calls import LISTED, plain_call
from halfpixel.conventions.python_call import parse

SAMPLERS: Final[Mapping[str, str]] = {
    "grid_sample": "F.grid_sample(x, grid)",
    "affine_grid": "F.affine_grid(theta, size)",
    "roi_align": "torchvision.ops.roi_align(x, boxes, output_size=7)",
    "RoIAlign": "torchvision.ops.RoIAlign(output_size=7, spatial_scale=1.0, sampling_ratio=-1)",
    "conv_transpose1d": "F.conv_transpose1d(x, weight, stride=2)",
    "conv_transpose2d": "F.conv_transpose2d(x, weight, stride=2)",
    "conv_transpose3d": "F.conv_transpose3d(x, weight, stride=2)",
    "ConvTranspose1d": "nn.ConvTranspose1d(8, 8, kernel_size=4, stride=2, padding=1)",
    "ConvTranspose2d": "nn.ConvTranspose2d(8, 8, kernel_size=4, stride=2, padding=1)",
    "ConvTranspose3d": "nn.ConvTranspose3d(8, 8, kernel_size=4, stride=2, padding=1)",
    "pixel_shuffle": "F.pixel_shuffle(x, 2)",
    "PixelShuffle": "nn.PixelShuffle(2)",
    "avg_pool1d": "F.avg_pool1d(x, 2)",
    "avg_pool2d": "F.avg_pool2d(x, 2)",
    "avg_pool3d": "F.avg_pool3d(x, 2)",
    "AvgPool1d": "nn.AvgPool1d(2)",
    "AvgPool2d": "nn.AvgPool2d(2)",
    "AvgPool3d": "nn.AvgPool3d(2)",
    "GridSample": "GridSample(mode=linear, padding_mode=zeros, align_corners=0)",
    "AffineGrid": "AffineGrid(align_corners=0)",
    "RoiAlign": "RoiAlign(output_height=7, output_width=7)",
    "ConvTranspose": "ConvTranspose(kernel_shape=[4, 4], strides=[2, 2], pads=[1, 1, 1, 1])",
    "DepthToSpace": "DepthToSpace(blocksize=2)",
    "resample": 'resample(x, coordinates, sampling_mode="bilinear", padding_mode="constant", '
    'coordinates_mode="normalized_minus_one_to_one", align_corners=False)',
    "crop_resize": "crop_resize(x, roi, target_height=7, target_width=7)",
}
"""What samples at coordinates or adds up kernels, by the last part of its name."""

MODULES: Final[Mapping[str, str]] = {
    "Upsample": 'nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)',
    "UpsamplingBilinear2d": "nn.UpsamplingBilinear2d(scale_factor=2)",
    "UpsamplingNearest2d": "nn.UpsamplingNearest2d(scale_factor=2)",
    "AdaptiveAvgPool1d": "nn.AdaptiveAvgPool1d(2)",
    "AdaptiveAvgPool2d": "nn.AdaptiveAvgPool2d(2)",
    "AdaptiveAvgPool3d": "nn.AdaptiveAvgPool3d(2)",
    "interpolate": 'F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)',
    "upsample_bilinear": "F.upsample_bilinear(x, scale_factor=2)",
    "upsample_nearest": "F.upsample_nearest(x, scale_factor=2)",
}
"""What resizes in PyTorch, likewise."""

FEW: Final = 4
"""Operators that are named where one is not known."""

NEAR: Final = 0.7
"""Likeness of two names from which on one may be meant for the other."""

LONGEST_NAME: Final = 64
"""Letters of a name that are looked at."""

_NAME: Final = re.compile(r"[A-Za-z_]\w{0,63}(\.[A-Za-z_]\w{0,63}){0,8}", re.ASCII)


def example_of(name: str) -> str | None:
    """Return a call of what has a name, modules before it or not; None where nothing has it.

    >>> example_of("nn.PixelShuffle"), example_of("cv2.resize"), example_of("model.onnx")
    ('nn.PixelShuffle(2)', 'cv2.resize(x, (8, 8))', None)
    """
    if not _NAME.fullmatch(name):
        return None
    last = name.rpartition(".")[2]
    known = plain_call(name) or SAMPLERS.get(last) or MODULES.get(last)
    if known is not None:
        return known
    near = [
        (nearness, place, convention)
        for place, convention in enumerate(load_conventions())
        if (nearness := convention.nearness(name)) is not None
    ]
    for _, _, convention in sorted(near, key=lambda one: one[:2]):
        for text, _ in convention.examples:
            if parse(text).last == last:
                return text
    return None


def names_near(name: str) -> list[str]:
    """Return a few operators whose name is near one that is not known, with their modules.

    >>> names_near("skimage.rescal")[:2], names_near("f")
    (['skimage.transform.rescale', 'kornia.geometry.rescale'], [])
    """
    from difflib import get_close_matches

    every: dict[str, dict[str, str]] = {}  # by the last part of a name, one of each library
    roots: dict[str, set[str]] = {}
    for library, operators in calls_known().items():
        for one in operators:
            every.setdefault(one.rpartition(".")[2], {}).setdefault(library, one)
        roots[library] = {one.partition(".")[0] for one in operators}
    last = name.rpartition(".")[2]
    close = get_close_matches(last[:LONGEST_NAME], every, FEW, NEAR)
    found = [(library, one) for part in close for library, one in every[part].items()]
    root = name.partition(".")[0]
    found.sort(key=lambda pair: (pair[1].partition(".")[0] != root, root not in roots[pair[0]]))
    return list(dict.fromkeys(one for _, one in found))[:FEW]


def calls_known() -> dict[str, tuple[str, ...]]:
    """Return what is read, by who calls it so: the names of operators, the modules before them."""
    found = {one.name: tuple(_names(one)) for one in load_conventions()}
    return {**found, "samplers": tuple(SAMPLERS)}


def _names(convention: Convention) -> Iterator[str]:
    """Yield the names of a convention that stand for one thing, and what any modules may precede.

    A name that is written out with its modules is not told again without them.
    """
    operators = convention.operators
    yield from (name for name in operators if "*" not in name)
    lasts = {name.rpartition(".")[2] for name in operators if "*" not in name and "." in name}
    for name in operators:
        last = name.rpartition("*")[2].removeprefix(".")
        if "*" in name and name.rpartition(".")[2] not in lasts:
            yield LISTED.get(name, last)
    yield from convention.methods


def names_known() -> Iterator[str]:
    """Yield the last part of the name of everything that is read."""
    yield from SAMPLERS
    yield from MODULES
    for convention in load_conventions():
        yield from (name.rpartition(".")[2] for name in convention.operators)
