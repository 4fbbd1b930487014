"""Resampling operators where a reader may overlook them, and files of older converters."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import coreml_packages
import coreml_variants_mil as mil
import coreml_variants_networks as networks
import coremltools as ct
import numpy as np
from coreml_site import CORNERS, EXACT, HALF, NEAREST, Site, Variant, call, image
from coreml_variants_mil import DOCUMENTED, PLANE
from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - as its makers call it
from coremltools.converters.mil.mil import Program, get_new_symbol
from coremltools.models import datatypes
from coremltools.models.neural_network import NeuralNetworkBuilder
from coremltools.models.pipeline import Pipeline, PipelineClassifier, PipelineRegressor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coremltools.models import MLModel
    from coremltools.proto import Model_pb2

UP = (10, 14)
VERSION, SOURCE = "com.github.apple.coremltools.version", "com.github.apple.coremltools.source"


def moved(site: Site, where: str, **about: Any) -> Site:  # noqa: ANN401
    """Return a site elsewhere in its file."""
    held = {name: getattr(site, name) for name in Site.__dataclass_fields__}
    return Site(**{**held, "where": where, **about})


def half(size: tuple[int, int] = UP, x: tuple[int, ...] = PLANE) -> Site:
    """Return resize_bilinear on half-pixel centres."""
    site = mil.resize_bilinear("UNALIGN_CORNERS", "up", size, x=image(*x))
    return moved(site, "main/y", pytorch=call(HALF, size))


def asymmetric() -> Site:
    """Return resize_bilinear as TensorFlow 1 had it."""
    return mil.resize_bilinear("DEFAULT", "up", UP)


def nearest(x: tuple[int, ...] = PLANE) -> Site:
    """Return upsample_nearest_neighbor by 2."""
    out = (x[-2] * 2, x[-1] * 2)
    return mil.upsample("upsample_nearest_neighbor", x[-2:], (2, 2), out, rule="nearest_floor",
                        pytorch=call(NEAREST, out))  # fmt: skip


def apply(site: Site, x: Any, name: str = "y") -> Any:  # noqa: ANN401 - variables of MIL
    """Add a site's operation to the program being built."""
    return getattr(mb, site.op)(x=x, name=name, **site.attributes)


def package(  # noqa: PLR0913, PLR0917 - what a model and its sites need
    name: str, release: int, inputs: dict[str, Any], body: Callable[..., Any],
    sites: tuple[Site, ...], shapes: list[Any] | None = None,
) -> Variant:  # fmt: skip
    """Return an ML Program of one function; shapes are coremltools' types of open inputs."""
    options = {"inputs": shapes} if shapes else {}

    def make() -> MLModel:
        return mil.convert(mil.program(inputs, release, body), release, **options)

    return Variant(f"structure-{name}-ios{release}.mlpackage", make, sites)


def nested() -> Iterator[Variant]:
    """Yield operations inside the branches of a condition and the body of a loop."""
    x, pick = image(*PLANE), image(1)

    def choose(x: Any, pick: Any) -> Any:  # noqa: ANN401 - variables of MIL
        flag = mb.squeeze(x=mb.greater(x=pick, y=np.float32(0), name="positive"), name="flag")
        return mb.cond(
            pred=flag,
            _true_fn=lambda: apply(half(), x, "enlarged"),
            _false_fn=lambda: apply(nearest(), x, "doubled"),
            name="y",
        )

    yield package(
        "cond", 15, {"x": x, "pick": pick}, choose,
        (moved(half(), "main/y.block0/enlarged"), moved(nearest(), "main/y.block1/doubled")),
    )  # fmt: skip
    back = moved(mil.resize_bilinear("DEFAULT", "same", (5, 7)), "main/looped.block1/down",
                 tensors={"x": image(1, 2, 10, 14)},
                 pytorch=call(NEAREST, (5, 7)))  # fmt: skip

    def loop(x: Any) -> Any:  # noqa: ANN401 - variables of MIL
        def step(i: Any, y: Any) -> Any:  # noqa: ANN401 - variables of MIL
            larger = apply(half(), y, "up")
            return mb.add(x=i, y=np.float32(1), name="next"), apply(back, larger, "down")

        start = mb.mul(x=mb.reduce_max(x=x, keep_dims=False, name="top"), y=np.float32(0))
        looped = mb.while_loop(
            _cond=lambda i, _: mb.less(x=i, y=np.float32(3), name="below"), _body=step,
            loop_vars=(start, x), name="looped",
        )  # fmt: skip
        return mb.identity(x=looped[1], name="y")

    yield package("while_loop", 15, {"x": x}, loop, (moved(half(), "main/looped.block1/up"), back))


def several() -> Iterator[Variant]:
    """Yield programs of more than one resampling operation."""
    first, second = nearest(), half((8, 10), (1, 2, 10, 14))
    yield package(
        "two", 15, {"x": image(*PLANE)}, lambda x: apply(second, apply(first, x, "larger"), "y"),
        (moved(first, "main/larger"), second),
    )  # fmt: skip
    yield package(
        "two_outputs", 15, {"x": image(*PLANE)},
        lambda x: [apply(half(), x, "smooth"), apply(nearest(), x, "blocky")],
        (moved(half(), "main/smooth"), moved(nearest(), "main/blocky")),
    )  # fmt: skip
    flags = [
        mil.upsample("upsample_bilinear", (5, 7), (2, 2), UP, rule="UNALIGN_CORNERS",
                     attributes={"align_corners": False}, pytorch=call(HALF, UP)),
        mil.upsample("upsample_bilinear", (5, 7), (2, 2), UP, rule="STRICT_ALIGN_CORNERS",
                     attributes={"align_corners": True}, pytorch=call(CORNERS, UP)),
        nearest(),
    ]  # fmt: skip

    def share(x: Any) -> Any:  # noqa: ANN401 - variables of MIL
        scale = mb.const(val=2, name="scale")
        scales = {"scale_factor_height": scale, "scale_factor_width": scale}
        return [
            mb.upsample_bilinear(x=x, align_corners=False, name="y0", **scales),
            mb.upsample_bilinear(x=x, align_corners=True, name="y1", **scales),
            mb.upsample_nearest_neighbor(x=x, name="y2", **scales),
        ]

    yield package(
        "shared_const", 15, {"x": image(*PLANE)}, share,
        tuple(moved(site, f"main/y{i}") for i, site in enumerate(flags)),
    )  # fmt: skip

    def share_mode(x: Any) -> Any:  # noqa: ANN401 - variables of MIL
        mode = mb.const(val="UNALIGN_CORNERS", name="mode")
        sizes = [{"target_size_height": h, "target_size_width": w} for h, w in (UP, (8, 10))]
        return [
            mb.resize_bilinear(x=x, sampling_mode=mode, name=f"y{i}", **size)
            for i, size in enumerate(sizes)
        ]

    yield package(
        "shared_mode", 15, {"x": image(*PLANE)}, share_mode,
        (moved(half(), "main/y0"), moved(half((8, 10)), "main/y1")),
    )  # fmt: skip


def weighted() -> Iterator[Variant]:
    """Yield programs whose constants lie in the file of weights."""
    grid = np.random.default_rng(2).uniform(-1.2, 1.2, (1, 16, 20, 2)).astype(np.float32)
    site = mil.sample("bilinear", "border", "normalized_minus_one_to_one", corners=False, grid=grid)
    site = moved(site, "main/sampled")
    weight = image(4, 2, 3, 3, seed=5)
    last = half((20, 24), (1, 4, 16, 20))

    def body(x: Any) -> Any:  # noqa: ANN401 - variables of MIL
        y = mb.resample(x=x, coordinates=grid, name="sampled", **site.attributes)
        y = mb.conv(x=y, weight=weight, pad_type="same", name="filtered")
        return apply(last, y, "y")

    yield package("blob", 15, {"x": image(*PLANE)}, body, (site, last))
    yield package("blob", 18, {"x": image(*PLANE)}, body, (site, last))


def flexible() -> Iterator[Variant]:
    """Yield operations on an input whose size the model leaves open."""
    height, width = get_new_symbol(), get_new_symbol()
    ranges = ct.Shape((1, 2, ct.RangeDim(3, 9, default=5), ct.RangeDim(4, 12, default=7)))
    listed = ct.EnumeratedShapes([(1, 2, 5, 7), (1, 2, 6, 8), (1, 2, 10, 14)], default=PLANE)
    for name, shape, lengths in (
        ("range", ranges, ("1x2x3..9x4..12", "1x2x6..18x8..24")),
        ("enumerated", listed, ("1x2x5x7|1x2x6x8|1x2x10x14", "1x2x10x14|1x2x12x16|1x2x20x28")),
    ):
        holder = {"x": mb.placeholder(shape=(1, 2, height, width))}
        types = [ct.TensorType(name="x", shape=shape)]
        doubled = "scale_factor=2, mode='bilinear', align_corners=False"
        by_two = mil.upsample(
            "upsample_bilinear", (5, 7), (2, 2), UP, rule="UNALIGN_CORNERS",
            attributes={"align_corners": False}, pytorch=f"F.interpolate(x, {doubled})",
            input_shape=lengths[0], output_shape=lengths[1],
        )  # fmt: skip
        yield package(f"{name}-scale", 15, holder, lambda x, s=by_two: apply(s, x), (by_two,),
                      types)  # fmt: skip
        blocky = moved(nearest(), "main/y", input_shape=lengths[0], output_shape=lengths[1],
                       pytorch="F.interpolate(x, scale_factor=2, mode='nearest')")  # fmt: skip
        yield package(f"{name}-nearest", 15, holder, lambda x, s=blocky: apply(s, x), (blocky,),
                      types)  # fmt: skip
        fixed = moved(half(), "main/y", input_shape=lengths[0])
        yield package(f"{name}-size", 15, holder, lambda x, s=fixed: apply(s, x), (fixed,),
                      types)  # fmt: skip
    yield from computed_size(height, width, ranges)


def computed_size(height: Any, width: Any, ranges: Any) -> Iterator[Variant]:  # noqa: ANN401
    """Yield the resize of iOS 17 whose size is another input's."""
    site = mil.resize([10, 14], UP, "UNALIGN_CORNERS", call(HALF, "x.shape[2:]"))
    site = moved(
        site, "main/y", input_shape="1x2x3..9x4..12", output_shape="1x2x?x?",
        pytorch="F.interpolate(x, size=(10, 14), mode='bilinear', align_corners=False)",
        attributes={key: value for key, value in site.attributes.items() if key != "shape"},
        source=f"{DOCUMENTED['resize']}; the size is computed, here from an input of 10x14",
    )  # fmt: skip

    def like(x: Any, other: Any) -> Any:  # noqa: ANN401 - variables of MIL
        size = mb.slice_by_index(x=mb.shape(x=other), begin=[2], end=[4], name="size")
        return mb.resize(x=x, shape=size, resized_dims=np.uint32(2), name="y",
                         interpolation_mode="LINEAR", sampling_mode="UNALIGN_CORNERS")  # fmt: skip

    others = (get_new_symbol(), get_new_symbol())
    holders = {
        "x": mb.placeholder(shape=(1, 2, height, width)),
        "other": mb.placeholder(shape=(1, 2, *others)),
    }
    sizes = [ct.TensorType(name="x", shape=ranges)]
    sizes.append(
        ct.TensorType(name="other", shape=(1, 2, ct.RangeDim(3, 18, 10), ct.RangeDim(4, 24, 14)))
    )
    yield package("resize_like", 17, holders, like, (site,), sizes)


def functions() -> Iterator[Variant]:
    """Yield a package of two functions."""
    site, other = half(), asymmetric()

    def make() -> MLModel:
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for i, operation in enumerate((site, other)):
                made = mil.program({"x": image(*PLANE)}, 18, lambda x, s=operation: apply(s, x))
                path = f"{folder}/{i}.mlpackage"
                mil.convert(made, 18).save(path)
                paths.append(path)
            told = ct.utils.MultiFunctionDescriptor(paths[0])
            told.add_function(paths[1], src_function_name="main", target_function_name="legacy")
            told.default_function_name = "main"
            ct.utils.save_multifunction(told, f"{folder}/both.mlpackage")
            return ct.models.MLModel(f"{folder}/both.mlpackage", skip_model_load=True)

    sites = (site, moved(other, "legacy/y"))
    yield Variant("structure-multifunction-ios18.mlpackage", make, sites)


def pipelines() -> Iterator[Variant]:
    """Yield chains of models, of each kind that the format has."""
    first, second = half(), half((8, 10), (1, 2, 10, 14))

    def programs() -> MLModel:
        weight = image(2, 2, 3, 3, seed=7)
        models = []
        for operation, x, y in ((first, "x", "middle"), (second, "middle", "y")):

            def body(s: Site = operation, name: str = y, **held: Any) -> Any:  # noqa: ANN401
                (given,) = held.values()
                filtered = mb.conv(x=given, weight=weight, pad_type="same", name=f"f_{name}")
                return apply(s, filtered, name)

            inputs = {x: operation.tensors["x"]}
            models.append(mil.convert(mil.program(inputs, 15, body), 15))
        return ct.utils.make_pipeline(*models)

    yield Variant(
        "structure-pipeline-ios15.mlpackage", programs,
        (moved(first, "models[0]/main/middle"), moved(second, "models[1]/main/y")),
    )  # fmt: skip
    yield from chains()


def chains() -> Iterator[Variant]:
    """Yield pipelines of neural networks: plain, ending in classes and ending in a number."""
    up = networks.upsample_site(image(*PLANE), (2, 2), "BILINEAR", "ALIGN_CORNERS_FALSE",
                                where="models[0]/middle")  # fmt: skip
    down = networks.resize("odd", (8, 10), "ROI_ALIGN_MODE", where="models[1]/y")
    down = moved(down, "models[1]/y", tensors={"x": image(1, 2, 10, 14)})
    for kind, maker in (
        ("pipeline", lambda: Pipeline([X], [("y", datatypes.Array(1, 2, 8, 10))])),
        ("pipeline_classifier", lambda: PipelineClassifier([X], ["a", "b"], ["label", "scores"])),
        ("pipeline_regressor", lambda: PipelineRegressor([X], [("y", datatypes.Double())])),
    ):

        def make(maker: Any = maker, kind: str = kind) -> MLModel:  # noqa: ANN401
            chain = maker()
            chain.add_model(plain(networks.add_upsample(up, "x", "middle"), ("x", PLANE), "middle"))
            if kind == "pipeline":
                last = plain(networks.add_resize(down, "middle"), ("middle", (1, 2, *UP)), "y")
            else:
                last = headed(kind.split("_")[1], "middle", (1, 2, *UP), networks.add_resize(
                    down, "middle"))  # fmt: skip
            chain.add_model(last)
            chain.spec.specificationVersion = 5
            return coreml_packages.open_model(chain.spec)

        yield Variant(f"structure-{kind}-v5.mlmodel", make, (up, down))


X = ("x", datatypes.Array(*PLANE))


def plain(
    fill: Callable[[NeuralNetworkBuilder], None], x: tuple[str, tuple[int, ...]], y: str
) -> Model_pb2.Model:
    """Return a network of one layer."""
    builder = NeuralNetworkBuilder(
        [(x[0], datatypes.Array(*x[1]))], [(y, None)], disable_rank5_shape_mapping=True
    )
    fill(builder)
    builder.spec.specificationVersion = 5
    return builder.spec


def headed(
    kind: str, x: str, shape: tuple[int, ...], fill: Callable[[NeuralNetworkBuilder], None]
) -> Model_pb2.Model:
    """Return a network that resizes and then gives two classes or one number."""
    output = "scores" if kind == "classifier" else "value"
    builder = NeuralNetworkBuilder(
        [(x, datatypes.Array(*shape))], [(output, None)], mode=kind,
        disable_rank5_shape_mapping=True,
    )  # fmt: skip
    fill(builder)
    axes = [2, 3] if kind == "classifier" else [1, 2, 3]
    builder.add_reduce_mean("averaged", "y", "averaged", axes=axes, keepdims=False)
    if kind == "classifier":
        builder.add_softmax_nd("scores", "averaged", "scores", axis=-1)
        builder.set_class_labels(["a", "b"], "label", prediction_blob="scores")
    else:
        builder.add_copy("value", "averaged", "value")
    builder.spec.specificationVersion = 5
    return builder.spec


def neural_networks() -> Iterator[Variant]:
    """Yield layers in the other two kinds of network, in nested ones and in a package."""
    for kind in ("classifier", "regressor"):
        site = networks.upsample_site(image(*PLANE), (2, 2), "BILINEAR", "DEFAULT", where="y")

        def make(kind: str = kind, site: Site = site) -> MLModel:
            spec = headed(kind, "x", PLANE, networks.add_upsample(site))
            return coreml_packages.open_model(spec)

        yield Variant(f"structure-{kind}-v5.mlmodel", make, (site,))
    site = networks.upsample_site(
        image(*PLANE), (2, 2), "BILINEAR", "ALIGN_CORNERS_FALSE", where="y"
    )

    def packed() -> MLModel:
        return coreml_packages.open_model(plain(networks.add_upsample(site), ("x", PLANE), "y"))

    yield Variant("structure-network-v5.mlpackage", packed, (site,))
    yield branch()
    yield loop()


def inner(message: Any) -> NeuralNetworkBuilder:  # noqa: ANN401 - a network inside a layer
    """Return a builder of a network inside a layer."""
    return NeuralNetworkBuilder(nn_spec=message, disable_rank5_shape_mapping=True)


def branch() -> Variant:
    """Return a branch layer with a resize on either side."""
    true = networks.upsample_site(image(*PLANE), (2, 2), "BILINEAR", "ALIGN_CORNERS_TRUE",
                                  where="branch.ifBranch/y")  # fmt: skip
    false = networks.resize("up", UP, "UPSAMPLE_MODE", where="branch.elseBranch/y")

    def make() -> MLModel:
        def fill(builder: NeuralNetworkBuilder) -> None:
            layer = builder.add_branch("branch", "pick").branch
            networks.add_upsample(true)(inner(layer.ifBranch))
            networks.add_resize(false)(inner(layer.elseBranch))

        spec = networks.network({"x": PLANE, "pick": (1,)}, 4, fill)
        return coreml_packages.open_model(spec)

    return Variant("structure-branch-v4.mlmodel", make, (true, false))


def loop() -> Variant:
    """Return a loop layer that resizes up and down again three times."""
    up = networks.resize("up", UP, "ALIGN_ENDPOINTS_MODE", where="loop.bodyNetwork/up")
    down = networks.resize("same", (5, 7), "STRICT_ALIGN_ENDPOINTS_MODE",
                           where="loop.bodyNetwork/down")  # fmt: skip
    down = moved(down, "loop.bodyNetwork/down", tensors={"x": image(1, 2, 10, 14)})

    def make() -> MLModel:
        def fill(builder: NeuralNetworkBuilder) -> None:
            builder.add_copy("start", "x", "state")
            layer = builder.add_loop("loop", max_iterations=3).loop
            body = inner(layer.bodyNetwork)
            networks.add_resize(up, "state", "up")(body)
            networks.add_resize(down, "up", "down")(body)
            body.add_copy("keep", "down", "state")
            builder.add_copy("end", "state", "y")

        return coreml_packages.open_model(networks.network({"x": PLANE}, 4, fill))

    return Variant("structure-loop-v4.mlmodel", make, (up, down))


def legacy() -> Iterator[Variant]:
    """Yield what retired converters wrote, with the metadata by which one tells them."""
    x = image(2, 5, 7)
    for name, version, told, linear in (
        ("onnx_coreml", 4, {VERSION: "4.1", SOURCE: "onnx==1.6.0"}, "DEFAULT"),
        ("tf_coreml", 1, {VERSION: "3.4", SOURCE: "tensorflow==1.15.0"}, "DEFAULT"),
        ("keras", 1, {VERSION: "3.4", SOURCE: "keras==2.2.4"}, "DEFAULT"),
    ):
        array = x if version == 1 else image(*PLANE)
        site = networks.upsample_site(array, (2, 2), "BILINEAR", linear, where="up")

        def fill(builder: NeuralNetworkBuilder, site: Site = site) -> None:
            networks.add_upsample(site, "x", "up")(builder)
            builder.add_copy("y", "up", "y") if len(site.output) == 4 else builder.add_activation(
                "y", "LINEAR", "up", "y", [1, 0]
            )

        def make(
            told: dict[str, str] = told, site: Site = site, version: int = version,
            fill: Callable[[NeuralNetworkBuilder], None] = fill,
        ) -> MLModel:  # fmt: skip
            shape = site.tensors["x"].shape
            spec = networks.network({"x": shape}, version, fill,
                                    site.output if version < 4 else None)  # fmt: skip
            spec.description.metadata.userDefined.update(told)
            return coreml_packages.open_model(spec)

        yield Variant(f"legacy-{name}-v{version}.mlmodel", make, (site,))
    yield from tensorflow()


def tensorflow() -> Iterator[Variant]:
    """Yield TensorFlow's flags as coremltools' frontend for it writes them."""
    old = mil.upsample(
        "upsample_bilinear", (5, 7), (2, 2), UP, rule="DEFAULT", pytorch="",
        attributes={"align_corners": False, "half_pixel_centers": False},
        source="tf.raw_ops.ResizeBilinear, both flags False",
    )  # fmt: skip
    same = moved(mil.resize_bilinear("DEFAULT", "odd", (8, 10)), "main/y",
                 source="tf.raw_ops.ResizeBilinear, both flags False")  # fmt: skip
    near = Site(
        op="resize_nearest_neighbor", tensors={"x": image(*PLANE)}, output=(1, 2, 10, 14),
        attributes={"target_size_height": 10, "target_size_width": 14}, rule="nearest_centre",
        pytorch=call(EXACT, UP), source=DOCUMENTED["resize_nearest_neighbor"],
    )  # fmt: skip
    for name, release, site in (("asymmetric", 16, old), ("default", 15, same), ("near", 15, near)):

        def make(site: Site = site, release: int = release) -> MLModel:
            made: Program = mil.program(
                {"x": site.tensors["x"]}, release, lambda x, s=site: apply(s, x)
            )
            model = mil.convert(made, release)
            spec = model.get_spec()
            spec.description.metadata.userDefined[SOURCE] = "tensorflow==2.12.0"
            return coreml_packages.open_model(spec, model.weights_dir)

        yield Variant(f"legacy-tensorflow_{name}-ios{release}.mlpackage", make, (site,))


def variants() -> Iterator[Variant]:
    """Yield every structure."""
    for family in (nested, several, weighted, flexible, functions, pipelines, neural_networks,
                   legacy):  # fmt: skip
        yield from family()
