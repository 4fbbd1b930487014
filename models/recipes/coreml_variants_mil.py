"""The resampling operators of MIL, in ML Programs of one operation."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import coremltools as ct
import numpy as np
from coreml_site import CORNERS, EXACT, HALF, NEAREST, Array, Shape, Site, Variant, call, image
from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - as its makers call it
from coremltools.converters.mil.mil import Function, Program, types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coremltools.models import MLModel

TARGETS = {
    15: ct.target.iOS15,
    16: ct.target.iOS16,
    17: ct.target.iOS17,
    18: ct.target.iOS18,
}
TYPES = {
    "float32": types.fp32,
    "float16": types.fp16,
    "int32": types.int32,
}
DOCUMENTED = {
    "upsample_nearest_neighbor": "MIL docs iOS15 image_resizing; fractions by Apple's tests",
    "upsample_bilinear": "MIL docs iOS15 image_resizing",
    "resize_nearest_neighbor": "Apple's tests (half-pixel); the MIL docs give no formula",
    "resize_bilinear": "MIL docs iOS15 image_resizing",
    "resize": "MIL docs iOS17 image_resizing",
    "crop_resize": "MIL docs iOS15 image_resizing",
    "resample": "MIL docs iOS15 image_resizing",
    "affine": "MIL docs iOS15 image_resizing",
    "conv_transpose": "MIL docs iOS15 conv",
    "pixel_shuffle": "MIL docs iOS15 tensor_transformation",
    "depth_to_space": "MIL docs iOS15 tensor_transformation",
}
MODES = ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS", "UNALIGN_CORNERS")
PLANE = (1, 2, 5, 7)


def convert(program: Program, release: int, **options: Any) -> MLModel:  # noqa: ANN401
    """Turn a program into a model without rewriting any of its operations."""
    return ct.convert(
        program,
        convert_to="mlprogram",
        compute_precision=ct.precision.FLOAT32,
        minimum_deployment_target=TARGETS[release],
        pass_pipeline=ct.PassPipeline.EMPTY,
        skip_model_load=True,
        **options,
    )


def program(inputs: dict[str, Any], release: int, body: Callable[..., Any]) -> Program:
    """Return a program of one function; inputs are arrays or placeholders by name."""
    made = Program()
    holders = {
        name: mb.placeholder(shape=given.shape, dtype=TYPES[given.dtype.name])
        if isinstance(given, np.ndarray)
        else given
        for name, given in inputs.items()
    }
    with Function(holders, opset_version=TARGETS[release]) as function:
        y = body(**function.inputs)
        function.set_outputs(y if isinstance(y, list) else [y])
        made.add_function("main", function)
    return made


def single(  # noqa: PLR0913 - what a site and its file need
    name: str,
    release: int,
    site: Site,
    *,
    given: tuple[str, ...] = ("x",),
    omit: tuple[str, ...] = (),
    constants: dict[str, Any] | None = None,
) -> Variant:
    """Return the model of one operation.

    Args:
        name: what tells it from others of the operator.
        release: of iOS.
        site: the operation.
        given: the tensors that are inputs of the model; the others are constants.
        omit: attributes left to coremltools' defaults.
        constants: attributes in another type than Python's.
    """
    words = {key: value for key, value in site.attributes.items() if key not in omit}
    words |= {key: site.tensors[key] for key in site.tensors if key not in given}
    words |= constants or {}

    def make() -> MLModel:
        inputs = {key: site.tensors[key] for key in given}
        operator = getattr(mb, site.op)
        return convert(
            program(inputs, release, lambda **held: operator(**held, **words, name="y")), release
        )

    return Variant(f"{site.op}-{name}-ios{release}.mlpackage", make, (site,))


def upsample(
    op: str, size: Shape, scales: tuple[Any, Any], out: Shape, **about: Any  # noqa: ANN401
) -> Site:  # fmt: skip
    """Return a site that is given scales."""
    about.setdefault("source", DOCUMENTED[op])
    return Site(
        op=op,
        tensors={"x": image(1, 2, *size)},
        output=(1, 2, *out),
        attributes={
            "scale_factor_height": scales[0],
            "scale_factor_width": scales[1],
            **about.pop("attributes", {}),
        },
        **about,
    )


NUDGED = (1.500016689, 1.500025)  # coremltools: (9 + 1e-4) / 6 and (6 + 1e-4) / 4
SCALES: tuple[tuple[str, Shape, tuple[Any, Any], Shape], ...] = (
    ("2x2", (5, 7), (2, 2), (10, 14)),
    ("3x2", (5, 7), (3, 2), (15, 14)),
    ("2.0x2.0", (5, 7), (2.0, 2.0), (10, 14)),
    ("fractional", (5, 7), (1.5, 1.5), (7, 10)),
    ("nudged", (6, 4), NUDGED, (9, 6)),
)
SHRINKING: tuple[tuple[str, Shape, tuple[Any, Any], Shape], ...] = (
    ("half", (8, 6), (0.5, 0.5), (4, 3)),
    ("to1", (5, 7), (0.20002, 0.1428714), (1, 1)),
)


def upsamples() -> Iterator[Variant]:
    """Yield the operators that are given scales."""
    for name, size, scales, out in SCALES:
        site = upsample("upsample_nearest_neighbor", size, scales, out, rule="nearest_floor",
                        pytorch=call(NEAREST, out))  # fmt: skip
        yield single(name, 15, site)
    site = upsample("upsample_nearest_neighbor", (5, 7), (2, 2), (10, 14),
                    rule="nearest_floor", pytorch=call(NEAREST, (10, 14)))  # fmt: skip
    yield single("2x2", 17, site)
    for name, size, scales, out in SCALES + SHRINKING:
        for aligned, rule, template in (
            (True, "STRICT_ALIGN_CORNERS", CORNERS),
            (False, "UNALIGN_CORNERS", HALF),
        ):
            site = upsample("upsample_bilinear", size, scales, out, rule=rule,
                            attributes={"align_corners": aligned},
                            pytorch=call(template, out))  # fmt: skip
            yield single(f"{name}-{'corners' if aligned else 'half'}", 15, site)
    site = upsample(
        "upsample_bilinear", (5, 7), (2, 3), (10, 21), rule="STRICT_ALIGN_CORNERS",
        attributes={"align_corners": True}, pytorch=call(CORNERS, (10, 21)),
    )  # fmt: skip
    yield single("unset", 15, site, omit=("align_corners",))
    yield from half_pixel_flags()


def half_pixel_flags() -> Iterator[Variant]:
    """Yield upsample_bilinear with the flag that came with iOS 16."""
    source = "MIL docs iOS16 image_resizing; Apple's tests"
    for aligned, centred, rule, template in (
        (True, False, "STRICT_ALIGN_CORNERS", CORNERS),
        (False, True, "UNALIGN_CORNERS", HALF),
        (False, False, "DEFAULT", ""),
        (True, True, "", ""),
    ):
        for name, size, scales, out in (SCALES[0], SCALES[4]):
            site = upsample(
                "upsample_bilinear", size, scales, out, rule=rule, pytorch=call(template, out),
                attributes={"align_corners": aligned, "half_pixel_centers": centred},
                source=source if rule else "both flags: Apple's tests call it invalid",
            )  # fmt: skip
            flags = f"corners{aligned:d}-centres{centred:d}"
            yield single(f"{name}-{flags}", 17 if name == "2x2" and rule == "DEFAULT" else 16, site)
    for aligned in (True, False):
        site = upsample(
            "upsample_bilinear", (5, 7), (2, 2), (10, 14), source=source,
            rule="STRICT_ALIGN_CORNERS" if aligned else "UNALIGN_CORNERS",
            pytorch=call(CORNERS if aligned else HALF, (10, 14)),
            attributes={"align_corners": aligned},
        )  # fmt: skip
        yield single(f"2x2-corners{aligned:d}-centres_unset", 16, site)


SIZES: tuple[tuple[str, Shape], ...] = (
    ("up", (10, 14)),
    ("odd", (8, 10)),
    ("down", (4, 5)),
    ("to1", (1, 1)),
    ("to1x5", (1, 5)),
    ("same", (5, 7)),
)
LINEAR = {
    "STRICT_ALIGN_CORNERS": CORNERS,
    "ALIGN_CORNERS": CORNERS,
    "DEFAULT": "",
    "OFFSET_CORNERS": "",
    "UNALIGN_CORNERS": HALF,
}
AT_THESE_SIZES = {
    ("ALIGN_CORNERS", "to1"): HALF,  # both take the middle of an odd number of pixels
    ("ALIGN_CORNERS", "to1x5"): "",
    ("DEFAULT", "to1"): CORNERS,  # both take the first pixel
    ("DEFAULT", "same"): CORNERS,  # both copy
    ("OFFSET_CORNERS", "to1"): HALF,
}


def linear_call(rule: str, name: str, size: Shape) -> str:
    """Return PyTorch's call for a rule at one of SIZES."""
    return call(AT_THESE_SIZES.get((rule, name), LINEAR[rule]), size)


def one_pixel(rule: str) -> str:
    """Return the source of a rule where an axis has one pixel."""
    if rule == "DEFAULT":
        return "NeuralNetwork.proto SamplingMode; MIL's text divides by zero at one pixel"
    return DOCUMENTED["resize_bilinear"]


def resizes() -> Iterator[Variant]:
    """Yield the operators that are given sizes, as iOS 15 has them."""
    for name, size in SIZES:
        site = Site(
            op="resize_nearest_neighbor",
            tensors={"x": image(*PLANE)},
            output=(1, 2, *size),
            attributes={"target_size_height": size[0], "target_size_width": size[1]},
            rule="nearest_centre",
            pytorch=call(EXACT, size),
            source=DOCUMENTED["resize_nearest_neighbor"],
        )
        yield single(name, 15, site)
    for rule, (name, size) in itertools.product(MODES, SIZES):
        yield single(f"{name}-{rule.lower()}", 15, resize_bilinear(rule, name, size))
    for rule in MODES:
        site = resize_bilinear(rule, "up", (3, 4), x=image(1, 2, 1, 7))
        yield single(f"from1x7-{rule.lower()}", 15, site)
    site = resize_bilinear("DEFAULT", "up", (10, 14))
    yield single("up-unset", 15, site, omit=("sampling_mode",))
    site = resize_bilinear("UNALIGN_CORNERS", "up", (10, 14), x=image(2, 5, 7))
    yield single("rank3", 15, site)
    half = resize_bilinear("UNALIGN_CORNERS", "up", (10, 14), x=image(*PLANE).astype(np.float16))
    yield single("up-fp16", 16, half)


def resize_bilinear(rule: str, name: str, size: Shape, x: Array | None = None) -> Site:
    """Return one resize_bilinear."""
    x = image(*PLANE) if x is None else x
    pytorch = linear_call(rule, name, size)
    if x.ndim == 3 and pytorch:
        pytorch = pytorch.replace("(x,", "(x[None],") + "[0]"
    return Site(
        op="resize_bilinear",
        tensors={"x": x},
        output=(*x.shape[:-2], *size),
        attributes={
            "target_size_height": size[0],
            "target_size_width": size[1],
            "sampling_mode": rule,
        },
        rule=rule,
        pytorch=pytorch,
        source=one_pixel(rule) if 1 in size else DOCUMENTED["resize_bilinear"],
    )


def resizes_of_ios17() -> Iterator[Variant]:
    """Yield the resize of iOS 17, in both modes."""
    for rule, (name, size) in itertools.product(MODES, SIZES):
        site = resize([1, 2, *size], size, rule, linear_call(rule, name, size))
        if 1 in size and rule == "DEFAULT":
            site = resize([1, 2, *size], size, rule, linear_call(rule, name, size), one_pixel(rule))
        yield single(f"{name}-linear-{rule.lower()}", 17, site, constants=unsigned(2))
    for name, size in SIZES:
        yield single(f"{name}-nearest", 17, resize_nearest(size), constants=unsigned(2))
    site = resize([8, 10], (8, 10), "UNALIGN_CORNERS", call(HALF, (8, 10)))
    yield single("short-linear", 17, site, constants=unsigned(2))
    site = resize([1, 0, 10], (5, 10), "UNALIGN_CORNERS", call(HALF, (5, 10)))
    yield single("zero-linear", 17, site, constants=unsigned(2))
    site = resize([10], (5, 10), "UNALIGN_CORNERS", call(HALF, (5, 10)), dims=1)
    yield single("width-linear", 17, site, constants=unsigned(1))
    site = resize([8, 10], (8, 10), "DEFAULT", "")
    yield single("unset", 17, site, constants=unsigned(2),
                 omit=("interpolation_mode", "sampling_mode"))  # fmt: skip
    yield single("odd-linear-unalign_corners", 18,
                 resize([8, 10], (8, 10), "UNALIGN_CORNERS", call(HALF, (8, 10))),
                 constants=unsigned(2))  # fmt: skip


def unsigned(dims: int) -> dict[str, Any]:
    """Return the number of resized axes in the type that the operator wants."""
    return {"resized_dims": np.uint32(dims)}


def resize(  # noqa: PLR0913, PLR0917 - the operator's own inputs
    shape: list[int], size: Shape, rule: str, pytorch: str, source: str = "", dims: int = 2
) -> Site:
    """Return one linear resize of iOS 17."""
    return Site(
        op="resize",
        tensors={"x": image(*PLANE)},
        output=(1, 2, *size),
        attributes={
            "shape": shape,
            "resized_dims": dims,
            "interpolation_mode": "LINEAR",
            "sampling_mode": rule,
        },
        rule=rule,
        pytorch=pytorch,
        source=source or DOCUMENTED["resize"],
    )


def resize_nearest(size: Shape) -> Site:
    """Return one nearest resize of iOS 17."""
    return Site(
        op="resize",
        tensors={"x": image(*PLANE)},
        output=(1, 2, *size),
        attributes={
            "shape": [1, 2, *size],
            "resized_dims": 2,
            "interpolation_mode": "NEAREST_NEIGHBOR",
            "sampling_mode": "DEFAULT",
        },
        rule="nearest_centre",
        pytorch=call(EXACT, size),
        source="Apple's iOS17 test of 2 to 3 pixels (half-pixel); the docs give no formula",
    )


BOX = (1.0, 2.0, 3.0, 5.0)  # first row, first column, last row, last column
SLICED = (
    "F.interpolate(x[:, :, 1:4, 2:6], size=(4, 6), mode='bilinear', align_corners={corners})[None]"
)
ROI_ALIGN = "torchvision.ops.roi_align(x, torch.tensor([{box}]), (4, 6), {scale}, 1, False){end}"
CROPS = {
    "STRICT_ALIGN_CORNERS": SLICED.format(corners=True),
    "ALIGN_CORNERS": SLICED.format(corners=True),
    "DEFAULT": "",
    "OFFSET_CORNERS": ROI_ALIGN.format(box=[0.0, 2.0, 1.0, 5.0, 3.0], scale=1.0, end="[None]"),
    "UNALIGN_CORNERS": SLICED.format(corners=False),
}
CENTRED = "MIL docs iOS15 image_resizing; they do not say which corners a centre and a size give"


def roi(*boxes: tuple[float, ...]) -> Array:
    """Return boxes in the shape that crop_resize had before iOS 17."""
    return np.array(boxes, np.float32).reshape(len(boxes), 1, -1, 1, 1)


def crop(boxes: Array, rule: str, pytorch: str, **about: Any) -> Site:  # noqa: ANN401
    """Return one crop_resize with regions of rank 5."""
    x = about.pop("x", image(*PLANE))
    size = about.pop("size", (4, 6))
    count = x.shape[0] if boxes.shape[2] == 4 else 1
    settings = {
        "normalized_coordinates": about.pop("normalized", False),
        "spatial_scale": about.pop("scale", 1.0),
        "box_coordinate_mode": about.pop("corners", "CORNERS_HEIGHT_FIRST"),
        "sampling_mode": rule,
        **about.pop("attributes", {}),
    }
    about.setdefault("source", DOCUMENTED["crop_resize"])
    return Site(
        op="crop_resize",
        tensors={"x": x, "roi": boxes},
        output=(boxes.shape[0], count, x.shape[1], *size),
        attributes={"target_height": size[0], "target_width": size[1], **settings},
        rule=about.pop("formula", "crop"),
        pytorch=pytorch,
        **about,
    )


def crops() -> Iterator[Variant]:
    """Yield crop_resize as iOS 15 and iOS 16 have it."""
    normalized = roi((1 / 4, 2 / 6, 3 / 4, 5 / 6))
    for rule in MODES:
        yield single(f"box-{rule.lower()}", 15, crop(roi(BOX), rule, CROPS[rule]))
        site = crop(normalized, rule, CROPS[rule], normalized=True)
        yield single(f"normalized-{rule.lower()}", 15, site)
        whole = crop(roi((0.0, 0.0, 4.0, 6.0)), rule, whole_image(rule))
        yield single(f"whole-{rule.lower()}", 15, whole)
        yield single(f"to1-{rule.lower()}", 15, crop(roi(BOX), rule, ONE[rule], size=(1, 1)))
    yield from coordinate_modes()
    yield from crops_of_inputs()
    yield from padded_crops()


ONE = {
    "STRICT_ALIGN_CORNERS": "x[None, :, :, 1:2, 2:3]",
    "ALIGN_CORNERS": SLICED.format(corners=False).replace("(4, 6)", "(1, 1)"),
    "DEFAULT": "x[None, :, :, 1:2, 2:3]",
    "OFFSET_CORNERS": CROPS["OFFSET_CORNERS"].replace("(4, 6)", "(1, 1)"),
    "UNALIGN_CORNERS": SLICED.format(corners=False).replace("(4, 6)", "(1, 1)"),
}


def whole_image(rule: str) -> str:
    """Return PyTorch's call where the box is the image."""
    if rule == "OFFSET_CORNERS":
        return ROI_ALIGN.format(box=[0.0, 0.0, 0.0, 6.0, 4.0], scale=1.0, end="[None]")
    return f"{call(LINEAR[rule], (4, 6))}[None]" if LINEAR[rule] else ""


def coordinate_modes() -> Iterator[Variant]:
    """Yield the four ways to write a box, and the scale of coordinates."""
    aligned = CROPS["OFFSET_CORNERS"]
    site = crop(roi((2.0, 1.0, 5.0, 3.0)), "OFFSET_CORNERS", aligned, corners="CORNERS_WIDTH_FIRST")
    yield single("width_first-offset_corners", 15, site)
    site = crop(roi((2.0, 1.0, 5.0, 3.0)), "ALIGN_CORNERS", SLICED.format(corners=True),
                corners="CORNERS_WIDTH_FIRST")  # fmt: skip
    yield single("width_first-align_corners", 15, site)
    for corners, box in (
        ("CENTER_SIZE_HEIGHT_FIRST", (2.0, 3.5, 2.0, 3.0)),
        ("CENTER_SIZE_WIDTH_FIRST", (3.5, 2.0, 3.0, 2.0)),
    ):
        site = crop(roi(box), "ALIGN_CORNERS", "", corners=corners, formula="", source=CENTRED)
        yield single(corners.lower(), 15, site)
    scaled = ROI_ALIGN.format(box=[0.0, 4.0, 2.0, 10.0, 6.0], scale=0.5, end="[None]")
    site = crop(roi((2.0, 4.0, 6.0, 10.0)), "OFFSET_CORNERS", scaled, scale=0.5)
    yield single("spatial_scale", 15, site)
    site = crop(roi((3.0, 5.0, 1.0, 2.0)), "ALIGN_CORNERS",
                SLICED.format(corners=True).replace("[None]", ".flip(2, 3)[None]"))  # fmt: skip
    yield single("backwards", 15, site)
    site = crop(roi(BOX), "DEFAULT", "")
    yield single("unset", 15, site, omit=("normalized_coordinates", "spatial_scale",
                                          "box_coordinate_mode", "sampling_mode"))  # fmt: skip


def crops_of_inputs() -> Iterator[Variant]:
    """Yield boxes that the model is given, with and without the number of their image."""
    numbered = roi((0.0, 1.2, 0.4, 4.6, 3.1), (1.0, 0.3, 0.8, 5.5, 2.7))
    call_ = ("torchvision.ops.roi_align(x, roi.reshape(2, 5), (4, 6), 1.0, 1, False)"
             "[:, None]")  # fmt: skip
    site = crop(numbered, "OFFSET_CORNERS", call_, x=image(2, 3, 5, 7),
                corners="CORNERS_WIDTH_FIRST", output_shape="2x1x3x4x6",
                source="MIL docs iOS15 image_resizing; coremltools infers 2x2x3x4x6")  # fmt: skip
    yield single("input-numbered-offset_corners", 15, site, given=("x", "roi"))
    yield single("const-numbered-offset_corners", 15, site)
    site = crop(roi((0.4, 1.2, 3.1, 4.6)), "ALIGN_CORNERS", affine_crop(0.4, 1.2, 3.1, 4.6))
    yield single("fractional-align_corners", 15, site)
    for rule in MODES:
        site = crop(roi((0.4, 1.2, 3.1, 4.6), (0.0, 2.0, 2.5, 6.0)), rule, "",
                    x=image(2, 3, 5, 7))  # fmt: skip
        yield single(f"input-{rule.lower()}", 15, site, given=("x", "roi"))


def affine_crop(top: float, left: float, bottom: float, right: float) -> str:
    """Return the call that samples 4 by 6 points of a box of PLANE, corners included."""
    theta = [
        [round((right - left) / 6, 9), 0.0, round((left + right) / 6 - 1, 9)],
        [0.0, round((bottom - top) / 4, 9), round((top + bottom) / 4 - 1, 9)],
    ]
    grid = f"F.affine_grid(torch.tensor([{theta}]), (1, 2, 4, 6), align_corners=True)"
    return f"F.grid_sample(x, {grid}, align_corners=True)[None]"


def padded_crops() -> Iterator[Variant]:
    """Yield crop_resize with the value for points outside the image."""
    source = "MIL docs iOS16 image_resizing, tf.image.crop_and_resize"
    for rule in MODES:
        site = crop(roi((-2.0, 1.0, 3.0, 9.0)), rule, "", attributes={"pad_value": 10.0},
                    source=source)  # fmt: skip
        yield single(f"outside-{rule.lower()}", 16, site)
    site = crop(roi(BOX), "OFFSET_CORNERS", CROPS["OFFSET_CORNERS"],
                attributes={"pad_value": 0.0}, source=source)  # fmt: skip
    yield single("pad_unset-offset_corners", 16, site, omit=("pad_value",))
    site = crop(roi((0.25, 2 / 6, 1.25, 1.5)), "ALIGN_CORNERS", "", normalized=True,
                attributes={"pad_value": -1.5}, source=source)  # fmt: skip
    yield single("outside-normalized-align_corners", 16, site)


def crop_indexed(
    boxes: Array, indices: Array, rule: str, pytorch: str, **settings: Any  # noqa: ANN401
) -> Site:  # fmt: skip
    """Return one crop_resize of iOS 17."""
    x = image(2, 3, 5, 7)
    return Site(
        op="crop_resize",
        tensors={"x": x, "boxes": boxes, "box_indices": indices},
        output=(boxes.shape[0], 3, 4, 6),
        attributes={
            "target_height": 4,
            "target_width": 6,
            "normalized_coordinates": settings.get("normalized", False),
            "spatial_scale": settings.get("scale", 1.0),
            "box_coordinate_mode": settings.get("corners", "CORNERS_WIDTH_FIRST"),
            "sampling_mode": rule,
            "pad_value": settings.get("pad", 0.0),
        },
        rule="crop",
        pytorch=pytorch,
        source="MIL docs iOS17 image_resizing",
    )


def crops_of_ios17() -> Iterator[Variant]:
    """Yield crop_resize with boxes and the numbers of their images apart."""
    boxes = np.array([[1.2, 0.4, 4.6, 3.1], [0.3, 0.8, 5.5, 2.7]], np.float32)
    indices = np.array([1, 0], np.int32)
    regions = "torch.cat([box_indices[:, None].to(boxes), boxes], 1)"
    call_ = f"torchvision.ops.roi_align(x, {regions}, (4, 6), {{}}, 1, False)"
    for rule in MODES:
        pytorch = call_.format(1.0) if rule == "OFFSET_CORNERS" else ""
        site = crop_indexed(boxes, indices, rule, pytorch)
        yield single(f"boxes-{rule.lower()}", 17, site)
        yield single(f"boxes_input-{rule.lower()}", 17, site, given=("x", "boxes", "box_indices"))
    site = crop_indexed(boxes, np.array([0, 1], np.int32), "OFFSET_CORNERS", call_.format(1.0))
    yield single("indices_unset", 17, site, omit=("pad_value",))
    site = crop_indexed(boxes * 2, indices, "OFFSET_CORNERS", call_.format(0.5), scale=0.5)
    yield single("boxes-spatial_scale", 17, site)
    unit = np.array([[0.1, 0.2, 0.6, 0.9], [-0.2, 0.0, 0.5, 1.3]], np.float32)
    site = crop_indexed(unit, indices, "ALIGN_CORNERS", "", normalized=True, pad=10.0,
                        corners="CORNERS_HEIGHT_FIRST")  # fmt: skip
    yield single("boxes-normalized-pad", 17, site)


GRID = np.random.default_rng(1).uniform(-1.6, 1.6, (1, 4, 6, 2)).astype(np.float32)
SAMPLE = (
    "F.grid_sample(x, {grid}, mode='{mode}', padding_mode='{padding}', align_corners={corners})"
)
UNIT = {
    "normalized_minus_one_to_one": ("coordinates", "(coordinates + 1)"),
    "normalized_zero_to_one": ("2 * coordinates - 1", "2 * coordinates"),
}
PADDINGS = ("constant", "border", "reflection", "symmetric")
SPREAD = {
    "normalized_minus_one_to_one": GRID,
    "normalized_zero_to_one": (GRID + 1) / 2,
    "unnormalized": (GRID + 1) / 2 * np.array([6, 4], np.float32),
}


def sample_call(mode: str, padding: str, coordinates: str, *, corners: bool) -> str:
    """Return F.grid_sample for a resample of a PLANE.

    PyTorch reflects at the middles of the outer pixels where corners are aligned and at their
    edges where not; MIL's reflection and symmetric do so whatever the flag says, so that the
    other two of the four combinations need the grid written in the other convention.
    """
    words = {"constant": "zeros", "symmetric": "reflection"}.get(padding, padding)
    wanted = {"reflection": True, "symmetric": False}.get(padding, corners)
    if coordinates == "unnormalized":
        if padding == "symmetric":
            grid = "(2 * coordinates + 1) / torch.tensor([7, 5]) - 1"
        else:
            grid, wanted = "2 * coordinates / torch.tensor([6, 4]) - 1", True
    else:
        grid, shifted = UNIT[coordinates]
        if wanted and not corners:
            grid = f"({shifted} * torch.tensor([7, 5]) - 1) / torch.tensor([6, 4]) - 1"
        elif corners and not wanted:
            grid = f"({shifted} * torch.tensor([6, 4]) + 1) / torch.tensor([7, 5]) - 1"
    return SAMPLE.format(grid=grid, mode=mode, padding=words, corners=wanted)


def sample(  # noqa: PLR0913 - the operator's own inputs
    mode: str, padding: str, coordinates: str, *, corners: bool, fill: float = 0.0,
    grid: Array | None = None, pytorch: str | None = None,
) -> Site:  # fmt: skip
    """Return one resample."""
    if pytorch is None:
        pytorch = sample_call(mode, padding, coordinates, corners=corners)
    if fill:
        pytorch = f"{pytorch.replace('(x,', f'(x - {fill},')} + {fill}"
    grid = SPREAD[coordinates] if grid is None else grid
    return Site(
        op="resample",
        tensors={"x": image(*PLANE), "coordinates": grid},
        output=(1, 2, *grid.shape[1:3]),
        attributes={
            "sampling_mode": mode,
            "padding_mode": padding,
            "padding_value": fill,
            "coordinates_mode": coordinates,
            "align_corners": corners,
        },
        rule="resample",
        pytorch=pytorch,
        source=DOCUMENTED["resample"],
    )


SHORT = {
    "normalized_minus_one_to_one": "minus1",
    "normalized_zero_to_one": "zero1",
    "unnormalized": "pixels",
}


def resamples() -> Iterator[Variant]:
    """Yield resample: every padding, flag and mode on -1 to 1, and a cover of the rest."""
    both = ("x", "coordinates")
    cases = [
        *itertools.product(("bilinear", "nearest"), PADDINGS, ("normalized_minus_one_to_one",),
                           (True, False)),
        *itertools.product(("bilinear",), PADDINGS, ("normalized_zero_to_one",), (True, False)),
        *itertools.product(("bilinear",), PADDINGS, ("unnormalized",), (True,)),
        ("nearest", "constant", "unnormalized", False),
        ("nearest", "border", "normalized_zero_to_one", True),
    ]  # fmt: skip
    for mode, padding, coordinates, corners in cases:
        site = sample(mode, padding, coordinates, corners=corners)
        name = f"{mode}-{padding}-{SHORT[coordinates]}-corners{corners:d}"
        yield single(name, 15, site, given=both)
    minus, pixels = "normalized_minus_one_to_one", "unnormalized"
    for corners in (True, False):
        site = sample("bilinear", "constant", minus, corners=corners, fill=2.5)
        yield single(f"fill-corners{corners:d}", 15, site, given=both)
    yield single("const", 15, sample("bilinear", "border", minus, corners=False))
    small = sample("bilinear", "border", minus, corners=False, grid=GRID[:, :2, :2])
    yield single("const-inline", 15, small)
    whole = np.array([[[[0, 0], [6, 4], [3, 1]], [[2, 4], [5, 0], [1, 3]]]])
    pick = sample_call("bilinear", "border", pixels, corners=True)
    site = sample("bilinear", "border", pixels, corners=True, grid=whole.astype(np.int32),
                  pytorch=pick)  # fmt: skip
    yield single("int32", 15, site, given=both)
    yield single("int16", 17, sample("bilinear", "border", pixels, corners=True, pytorch=pick,
                                     grid=whole.astype(np.int16)))  # fmt: skip
    rounded = GRID.astype(np.float16)
    for padding, corners in (("constant", True), ("border", False), ("reflection", True)):
        site = sample("bilinear", padding, minus, corners=corners, grid=rounded)
        yield single(f"fp16-{padding}-corners{corners:d}", 16, site, given=both)
    yield single("fp16-const", 16, sample("bilinear", "border", minus, corners=False, grid=rounded))
    yield single("bilinear-border-minus1-corners0", 18,
                 sample("bilinear", "border", minus, corners=False), given=both)  # fmt: skip


TURN = np.array([[0.9, 0.2, 0.1, -0.15, 1.1, -0.05]], np.float32)


def affines() -> Iterator[Variant]:
    """Yield affine with both flags, constant and given matrices, one for all images too."""
    for corners, matrix, batch in (
        (True, TURN, 1), (False, TURN, 1), (True, TURN, 2),
        (True, np.concatenate([TURN, TURN[:, ::-1]]), 2),
    ):  # fmt: skip
        x = image(batch, 2, 5, 7)
        grid = (f"F.affine_grid(transform_matrix.reshape(-1, 2, 3).expand({batch}, 2, 3), "
                f"({batch}, 2, 4, 6), align_corners={corners})")  # fmt: skip
        source = DOCUMENTED["affine"]
        site = Site(
            op="affine",
            tensors={"x": x, "transform_matrix": np.ascontiguousarray(matrix)},
            output=(batch, 2, 4, 6),
            attributes={
                "output_height": 4,
                "output_width": 6,
                "sampling_mode": "bilinear",
                "padding_mode": "constant",
                "padding_value": 0.0,
                "coordinates_mode": "normalized_minus_one_to_one",
                "align_corners": corners,
            },
            rule="affine",
            pytorch=f"F.grid_sample(x, {grid}, align_corners={corners})",
            source=source if corners else f"{source}; they call False unsupported",
        )
        name = f"corners{corners:d}-{len(matrix)}of{batch}"
        yield single(f"const-{name}", 15, site)
        yield single(f"input-{name}", 15, site, given=("x", "transform_matrix"))


def deconvolution(kernel: int, out: Shape, pytorch: str, **about: Any) -> Site:  # noqa: ANN401
    """Return one conv_transpose of stride 2."""
    weight = about.pop("weight", None)
    weight = image(2, 3, kernel, kernel, seed=3) if weight is None else weight
    groups = about.pop("groups", 1)
    attributes = {
        "pad": about.pop("pad", [0, 0, 0, 0]),
        "pad_type": about.pop("pad_type", "valid"),
        "strides": about.pop("strides", [2, 2]),
        "dilations": [1, 1],
        "groups": groups,
        **about.pop("attributes", {}),
    }
    return Site(
        op="conv_transpose",
        tensors={"x": image(*PLANE), "weight": weight},
        output=(1, weight.shape[1] * groups, *out),
        attributes=attributes,
        rule=about.pop("rule", "conv_transpose"),
        pytorch=pytorch,
        source=about.pop("source", DOCUMENTED["conv_transpose"]),
    )


def deconvolutions() -> Iterator[Variant]:
    """Yield conv_transpose with every kind of padding."""
    plain = "F.conv_transpose2d(x, weight, stride=2{})"
    ones = [1, 1, 1, 1]
    tent = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 16
    tents = np.broadcast_to(tent, (2, 1, 4, 4)).copy()
    for name, site in {
        "k2-valid": deconvolution(2, (10, 14), plain.format("")),
        "k3-valid": deconvolution(3, (11, 15), plain.format("")),
        "k3-custom": deconvolution(3, (9, 13), plain.format(", padding=1"),
                                   pad=ones, pad_type="custom"),
        "k3-custom-uneven": deconvolution(
            3, (10, 14), plain.format(", padding=1, output_padding=1"),
            pad=[1, 0, 1, 0], pad_type="custom"),
        "k4-custom": deconvolution(4, (10, 14), plain.format(", padding=1"),
                                   pad=ones, pad_type="custom"),
        "k4-same": deconvolution(4, (10, 14), plain.format(", padding=1"), pad_type="same"),
        "k3-same": deconvolution(
            3, (10, 14), f"{plain.format('')}[:, :, :10, :14]", pad_type="same",
            source="MIL docs iOS15 conv; NeuralNetwork.proto SamePadding, bottom right heavy"),
        "k3-output_shape": deconvolution(
            3, (9, 13), plain.format(", padding=1"), pad=ones, pad_type="custom",
            attributes={"output_shape": [1, 3, 9, 13]}),
        "k3-output_shape-larger": deconvolution(
            3, (10, 14), "", pad=ones, pad_type="custom", rule="",
            attributes={"output_shape": [1, 3, 10, 14]},
            source="MIL docs iOS15 conv leave open which end the extra row is at"),
        "k4-groups": deconvolution(4, (10, 14), plain.format(", padding=1, groups=2"), groups=2,
                                   pad=ones, pad_type="custom"),
        "k4-bilinear_kernel": deconvolution(
            4, (10, 14), plain.format(", padding=1, groups=2"), groups=2,
            pad=ones, pad_type="custom", weight=tents),
    }.items():  # fmt: skip
        yield single(name, 15, site)


def shuffles() -> Iterator[Variant]:
    """Yield the operators that turn channels into pixels."""
    for op, key, pytorch in (
        ("pixel_shuffle", "upscale_factor", "F.pixel_shuffle(x, 2)"),
        ("depth_to_space", "block_size", ""),
    ):
        site = Site(
            op=op,
            tensors={"x": image(1, 8, 3, 5)},
            output=(1, 2, 6, 10),
            attributes={key: 2},
            rule=op,
            pytorch=pytorch,
            source=DOCUMENTED[op],
        )
        yield single("2", 15, site)


def variants() -> Iterator[Variant]:
    """Yield every operator of MIL that resamples."""
    for family in (upsamples, resizes, resizes_of_ios17, crops, crops_of_ios17, resamples,
                   affines, deconvolutions, shuffles):  # fmt: skip
        yield from family()
