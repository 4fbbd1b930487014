"""The resampling layers of Core ML's neural networks, the format before ML Programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import coreml_packages
import numpy as np
from coreml_site import CORNERS, HALF, NEAREST, Array, Shape, Site, Variant, call, image
from coreml_variants_mil import BOX, CROPS, PLANE, ROI_ALIGN, roi
from coremltools.models import datatypes
from coremltools.models.neural_network import NeuralNetworkBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coremltools.models import MLModel
    from coremltools.proto import Model_pb2

UPSAMPLE = "NeuralNetwork.proto UpsampleLayerParams"
SAMPLING = "NeuralNetwork.proto SamplingMode"
DECONVOLUTION = "NeuralNetwork.proto ConvolutionLayerParams"
METHODS = {
    "STRICT_ALIGN_ENDPOINTS_MODE": "STRICT_ALIGN_CORNERS",
    "ALIGN_ENDPOINTS_MODE": "ALIGN_CORNERS",
    "UPSAMPLE_MODE": "DEFAULT",
    "ROI_ALIGN_MODE": "OFFSET_CORNERS",
}
LINEAR_MODES = {
    "DEFAULT": ("DEFAULT", ""),
    "ALIGN_CORNERS_TRUE": ("STRICT_ALIGN_CORNERS", CORNERS),
    "ALIGN_CORNERS_FALSE": ("UNALIGN_CORNERS", HALF),
}


def network(
    inputs: dict[str, Shape], version: int, fill: Callable[[NeuralNetworkBuilder], None],
    output: Shape | None = None,
) -> Model_pb2.Model:  # fmt: skip
    """Return a network; a version before 4 takes arrays of C, H and W only."""
    builder = NeuralNetworkBuilder(
        [(name, datatypes.Array(*shape)) for name, shape in inputs.items()],
        [("y", datatypes.Array(*output) if output else None)],
        disable_rank5_shape_mapping=version >= 4,
    )
    fill(builder)
    builder.spec.specificationVersion = version
    return builder.spec


def layer(
    name: str, version: int, site: Site, fill: Callable[[NeuralNetworkBuilder], None],
    given: tuple[str, ...] = ("x",),
) -> Variant:  # fmt: skip
    """Return the model of one layer."""

    def make() -> MLModel:
        inputs = {key: site.tensors[key].shape for key in given}
        spec = network(inputs, version, fill, site.output if version < 4 else None)
        return coreml_packages.open_model(spec)

    return Variant(f"nn_{site.op}-{name}-v{version}.mlmodel", make, (site,))


def upsample(  # noqa: PLR0913, PLR0917 - the layer's own fields
    name: str, version: int, x: Array, factors: tuple[float, float], mode: str, linear: str,
    source: str = UPSAMPLE,
) -> Variant:  # fmt: skip
    """Return an upsample layer."""
    site = upsample_site(x, factors, mode, linear, source=source)
    return layer(name, version, site, add_upsample(site))


def upsample_site(
    x: Array, factors: tuple[float, float], mode: str, linear: str, **about: Any  # noqa: ANN401
) -> Site:  # fmt: skip
    """Return what an upsample layer is."""
    out = tuple(int(np.floor(s * f)) for s, f in zip(x.shape[-2:], factors, strict=True))
    rule, template = ("nearest_floor", NEAREST) if mode == "NN" else LINEAR_MODES[linear]
    pytorch = call(template, out)
    if x.ndim == 3 and pytorch:
        pytorch = pytorch.replace("(x,", "(x[None],") + "[0]"
    whole = all(float(f).is_integer() for f in factors)
    about.setdefault("where", "y")
    about.setdefault("source", UPSAMPLE)
    return Site(
        op="upsample",
        tensors={"x": x},
        output=(*x.shape[:-2], *out),
        attributes={
            "scalingFactor": [int(f) for f in factors] if whole else [],
            "fractionalScalingFactor": [] if whole else list(factors),
            "mode": mode,
            "linearUpsampleMode": linear,
        },
        rule=rule,
        pytorch=pytorch,
        **about,
    )


def add_upsample(
    site: Site, source: str = "x", name: str = "y"
) -> Callable[[NeuralNetworkBuilder], None]:
    """Return what adds an upsample layer to a network."""
    about = site.attributes

    def fill(builder: NeuralNetworkBuilder) -> None:
        added = builder.add_upsample(name, 1, 1, source, name, mode=about["mode"],
                                     linear_upsample_mode=about["linearUpsampleMode"])  # fmt: skip
        del added.upsample.scalingFactor[:]
        added.upsample.scalingFactor.extend(about["scalingFactor"])
        added.upsample.fractionalScalingFactor.extend(about["fractionalScalingFactor"])

    return fill


def upsamples() -> Iterator[Variant]:
    """Yield the upsample layer at several versions of the specification."""
    x, even = image(*PLANE), image(1, 2, 6, 4)
    for version, array in ((1, image(2, 5, 7)), (4, x), (5, x), (6, x)):
        yield upsample("nearest-2x2", version, array, (2, 2), "NN", "DEFAULT")
        yield upsample("bilinear-2x2-default", version, array, (2, 2), "BILINEAR", "DEFAULT")
    yield upsample("nearest-3x2", 4, x, (3, 2), "NN", "DEFAULT")
    yield upsample("nearest-flag", 5, x, (2, 2), "NN", "ALIGN_CORNERS_TRUE",
                   f"{UPSAMPLE}; the linear mode says nothing here")  # fmt: skip
    yield upsample("bilinear-3x2-default", 4, x, (3, 2), "BILINEAR", "DEFAULT")
    for linear in ("ALIGN_CORNERS_TRUE", "ALIGN_CORNERS_FALSE"):
        yield upsample(f"bilinear-2x2-{linear.lower()}", 5, x, (2, 2), "BILINEAR", linear)
        yield upsample(f"bilinear-3x2-{linear.lower()}", 6, x, (3, 2), "BILINEAR", linear)
        for name, factors in (
            ("fractional", (1.5, 1.5)),
            ("nudged", (1.500016689, 1.500025)),
            ("half", (0.5, 0.5)),
        ):
            yield upsample(
                f"bilinear-{name}-{linear.lower()}", 5, even, factors, "BILINEAR", linear
            )
    site = Site(
        op="upsample",
        tensors={"x": x},
        output=PLANE,
        attributes={
            "scalingFactor": [],
            "fractionalScalingFactor": [],
            "mode": "BILINEAR",
            "linearUpsampleMode": "DEFAULT",
        },
        rule="DEFAULT",
        pytorch=call(CORNERS, (5, 7)),
        source=f"{UPSAMPLE}; unset factors are 1",
        where="y",
    )
    yield layer("unset", 4, site, add_upsample(site))


SIZES: tuple[tuple[str, Shape], ...] = (
    ("up", (10, 14)),
    ("odd", (8, 10)),
    ("down", (4, 5)),
    ("to1", (1, 1)),
    ("same", (5, 7)),
)
AT_THESE_SIZES = {
    ("ALIGN_CORNERS", "to1"): HALF,
    ("DEFAULT", "to1"): CORNERS,
    ("DEFAULT", "same"): CORNERS,
    ("OFFSET_CORNERS", "to1"): HALF,
}
LINEAR = {
    "STRICT_ALIGN_CORNERS": CORNERS,
    "ALIGN_CORNERS": CORNERS,
    "DEFAULT": "",
    "OFFSET_CORNERS": "",
}


def resize(name: str, size: Shape, method: str, **about: Any) -> Site:  # noqa: ANN401
    """Return what a resizeBilinear layer is."""
    rule = METHODS["STRICT_ALIGN_ENDPOINTS_MODE" if method == "unset" else method]
    about.setdefault("source", SAMPLING)
    about.setdefault("where", "y")
    return Site(
        op="resizeBilinear",
        tensors={"x": image(*PLANE)},
        output=(1, 2, *size),
        attributes={"targetSize": list(size), "mode": method},
        rule=rule,
        pytorch=call(AT_THESE_SIZES.get((rule, name), LINEAR[rule]), size),
        **about,
    )


def add_resize(
    site: Site, source: str = "x", name: str = "y"
) -> Callable[[NeuralNetworkBuilder], None]:
    """Return what adds a resizeBilinear layer to a network."""

    def fill(builder: NeuralNetworkBuilder) -> None:
        method = site.attributes["mode"]
        mode = "UPSAMPLE_MODE" if method == "unset" else method
        added = builder.add_resize_bilinear(name, source, name, *site.output[-2:], mode)
        if method == "unset":
            added.resizeBilinear.ClearField("mode")
        if not site.attributes["targetSize"]:
            added.resizeBilinear.ClearField("targetSize")

    return fill


def resizes() -> Iterator[Variant]:
    """Yield the resizeBilinear layer with each mode and with none."""
    for method in METHODS:
        for name, size in SIZES:
            site = resize(name, size, method)
            title = f"{name}-{method.removesuffix('_MODE').lower()}"
            yield layer(title, 4, site, add_resize(site))
    source = f"{SAMPLING}; unset is the first of the enumeration"
    for name, size in SIZES[:4]:
        site = resize(name, size, "unset", source=source)
        yield layer(f"{name}-mode_unset", 4, site, add_resize(site))
    site = resize("to1", (1, 1), "unset", source=f"{source}; an unset size is 1, 1")
    site.attributes["targetSize"] = []
    yield layer("size_unset", 4, site, add_resize(site))
    site = resize("up", (10, 14), "ALIGN_ENDPOINTS_MODE")
    yield layer("up-align_endpoints", 6, site, add_resize(site))


def crop(method: str, boxes: Array, pytorch: str, **about: Any) -> Site:  # noqa: ANN401
    """Return what a cropResize layer is."""
    images = about.pop("images", image(*PLANE)[None])
    corners = about.pop("corners", "CORNERS_HEIGHT_FIRST")
    normalized, scale = about.pop("normalized", False), about.pop("scale", 1.0)
    size = about.pop("size", (4, 6))
    count = images.shape[1] if boxes.shape[2] == 4 else 1
    return Site(
        op="cropResize",
        tensors={"x": images, "roi": boxes},
        output=(boxes.shape[0], count, images.shape[2], *size),
        attributes={
            "targetSize": list(size),
            "normalizedCoordinates": normalized,
            "mode": method,
            "boxIndicesMode": corners,
            "spatialScale": scale,
        },
        rule=about.pop("formula", "crop"),
        pytorch=pytorch.replace("(x", "(x[0]"),
        source=about.pop("source", "NeuralNetwork.proto CropResizeLayerParams"),
        where="y",
        extra={
            "target_height": size[0],
            "target_width": size[1],
            "normalized_coordinates": normalized,
            "spatial_scale": scale,
            "box_coordinate_mode": corners,
            "sampling_mode": METHODS[
                "STRICT_ALIGN_ENDPOINTS_MODE" if method == "unset" else method
            ],
        },
    )


def add_crop(site: Site, *, given: bool = False) -> Callable[[NeuralNetworkBuilder], None]:
    """Return what adds a cropResize layer to a network, and its boxes where they are constant."""

    def fill(builder: NeuralNetworkBuilder) -> None:
        about = site.attributes
        boxes, normalized = site.tensors["roi"], about["normalizedCoordinates"]
        if not given:
            builder.add_load_constant_nd("roi", "roi", boxes, boxes.shape)
        added = builder.add_crop_resize(
            "y", ["x", "roi"], "y", *site.output[-2:], normalized_roi=normalized,
            mode="UPSAMPLE_MODE" if about["mode"] == "unset" else about["mode"],
            box_indices_mode=about["boxIndicesMode"], spatial_scale=about["spatialScale"],
        )  # fmt: skip
        if about["mode"] == "unset":
            added.cropResize.ClearField("mode")

    return fill


def crops() -> Iterator[Variant]:
    """Yield the cropResize layer."""
    unit = roi((1 / 4, 2 / 6, 3 / 4, 5 / 6))
    for method, rule in METHODS.items():
        title = method.removesuffix("_MODE").lower()
        site = crop(method, roi(BOX), CROPS[rule])
        yield layer(f"box-{title}", 4, site, add_crop(site))
        site = crop(method, unit, CROPS[rule], normalized=True)
        yield layer(f"normalized-{title}", 4, site, add_crop(site))
        site = crop(method, roi((0.4, 1.2, 3.1, 4.6), (0.0, 2.0, 2.5, 6.0)), "",
                    images=image(1, 2, 3, 5, 7))  # fmt: skip
        yield layer(f"input-{title}", 4, site, add_crop(site, given=True), ("x", "roi"))
    site = crop("unset", roi(BOX), CROPS["STRICT_ALIGN_CORNERS"],
                source="NeuralNetwork.proto; unset is the first of the enumeration")  # fmt: skip
    yield layer("mode_unset", 4, site, add_crop(site))
    wide = roi((2.0, 1.0, 5.0, 3.0))
    site = crop("ROI_ALIGN_MODE", wide, CROPS["OFFSET_CORNERS"], corners="CORNERS_WIDTH_FIRST")
    yield layer("width_first-roi_align", 4, site, add_crop(site))
    for corners, box in (
        ("CENTER_SIZE_HEIGHT_FIRST", (2.0, 3.5, 2.0, 3.0)),
        ("CENTER_SIZE_WIDTH_FIRST", (3.5, 2.0, 3.0, 2.0)),
    ):
        site = crop(
            "ALIGN_ENDPOINTS_MODE", roi(box), "", corners=corners, formula="",
            source="NeuralNetwork.proto does not say which corners a centre and a size give",
        )  # fmt: skip
        yield layer(corners.lower(), 4, site, add_crop(site))
    scaled = ROI_ALIGN.format(box=[0.0, 4.0, 2.0, 10.0, 6.0], scale=0.5, end="[None]")
    site = crop("ROI_ALIGN_MODE", roi((2.0, 4.0, 6.0, 10.0)), scaled, scale=0.5)
    yield layer("spatial_scale", 4, site, add_crop(site))
    numbered = roi((0.0, 1.2, 0.4, 4.6, 3.1), (1.0, 0.3, 0.8, 5.5, 2.7))
    site = crop(
        "ROI_ALIGN_MODE", numbered,
        "torchvision.ops.roi_align(x, roi.reshape(2, 5), (4, 6), 1.0, 1, False)[:, None]",
        images=image(1, 2, 3, 5, 7), corners="CORNERS_WIDTH_FIRST",
    )  # fmt: skip
    yield layer("input-numbered-roi_align", 4, site, add_crop(site, given=True), ("x", "roi"))


def deconvolution(kernel: int, out: Shape, pytorch: str, **about: Any) -> Site:  # noqa: ANN401
    """Return what a convolution layer that transposes is, with stride 2."""
    padding, cut = about.pop("padding", "valid"), about.pop("cut", 0)
    groups = about.pop("groups", 1)
    size = about.pop("size", None)
    return Site(
        op="convolution",
        tensors={"x": image(*PLANE), "weight": image(2, 3, kernel, kernel, seed=3)},
        output=(1, 3 * groups, *out),
        attributes={
            "kernelSize": [kernel, kernel],
            "stride": [2, 2],
            "nGroups": groups,
            "isDeconvolution": True,
            "outputShape": list(size or ()),
            "padding": padding,
        },
        rule=about.pop("formula", "conv_transpose"),
        pytorch=pytorch,
        source=about.pop("source", DECONVOLUTION),
        where="y",
        extra={
            "pad_type": "custom" if cut else padding,
            "pad": [cut] * 4,
            "strides": [2, 2],
            "groups": groups,
        },
        unlisted=("outputChannels", "kernelChannels", "dilationFactor", "hasBias"),
    )


def add_deconvolution(site: Site) -> Callable[[NeuralNetworkBuilder], None]:
    """Return what adds a transposed convolution to a network."""

    def fill(builder: NeuralNetworkBuilder) -> None:
        about, weight = site.attributes, site.tensors["weight"]
        cut = site.extra["pad"][0]
        builder.add_convolution(
            "y", weight.shape[0], site.output[1], *weight.shape[2:], *about["stride"],
            about["padding"], about["nGroups"], weight.transpose(2, 3, 0, 1), None,
            has_bias=False, is_deconv=True, output_shape=tuple(about["outputShape"]) or None,
            input_name="x", output_name="y", padding_top=cut, padding_bottom=cut,
            padding_left=cut, padding_right=cut,
        )  # fmt: skip

    return fill


def deconvolutions() -> Iterator[Variant]:
    """Yield transposed convolutions with and without an output shape."""
    plain = "F.conv_transpose2d(x, weight, stride=2{})"
    for name, site in {
        "k2-valid": deconvolution(2, (10, 14), plain.format("")),
        "k3-valid": deconvolution(3, (11, 15), plain.format("")),
        "k4-valid-padded": deconvolution(4, (10, 14), plain.format(", padding=1"), cut=1),
        "k4-same": deconvolution(4, (10, 14), plain.format(", padding=1"), padding="same"),
        "k3-same": deconvolution(3, (10, 14), f"{plain.format('')}[:, :, :10, :14]",
                                 padding="same", source="NeuralNetwork.proto SamePadding"),
        "k4-groups": deconvolution(4, (12, 16), plain.format(", groups=2"), groups=2),
        "k3-output_shape": deconvolution(
            3, (10, 14), "", size=(10, 14), formula="",
            source=f"{DECONVOLUTION}: the padding is ignored, the alignment not said"),
        "k2-output_shape": deconvolution(2, (10, 14), plain.format(""), size=(10, 14)),
    }.items():  # fmt: skip
        yield layer(f"deconvolution-{name}", 4, site, add_deconvolution(site))


def shuffles() -> Iterator[Variant]:
    """Yield the layers that turn channels into pixels."""
    for mode, version, pytorch in (
        ("PIXEL_SHUFFLE", 5, "F.pixel_shuffle(x, 2)"),
        ("DEPTH_TO_SPACE", 4, ""),
        ("DEPTH_TO_SPACE", 1, ""),
    ):
        x = image(1, 8, 3, 5) if version > 1 else image(8, 3, 5)
        site = Site(
            op="reorganizeData",
            tensors={"x": x},
            output=(*x.shape[:-3], 2, 6, 10),
            attributes={"mode": mode, "blockSize": 2},
            rule=mode.lower(),
            pytorch=pytorch,
            source="NeuralNetwork.proto ReorganizeDataLayerParams",
            where="y",
        )

        def fill(builder: NeuralNetworkBuilder, mode: str = mode) -> None:
            builder.add_reorganize_data("y", "x", "y", mode, 2)

        yield layer(mode.lower(), version, site, fill)


def variants() -> Iterator[Variant]:
    """Yield every resampling layer."""
    for family in (upsamples, resizes, crops, deconvolutions, shuffles):
        yield from family()
