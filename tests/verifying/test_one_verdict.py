"""The command's exit code, the Python API, the JSON and the pytest plugin say the same, always."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import halfpixel
from halfpixel.plugins.pytest import AssertEquivalent
from halfpixel.report.machine.of_verify import run_of, run_of_sites
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.measure import TOLERANCES, Tolerance
from halfpixel.verifying.result import Verdict, Verification, VerifySettings
from resize_pairs import FLOAT, IMAGE, SIZES, Array, built, command, pair, resize

if TYPE_CHECKING:
    from halfpixel.verifying.one_model import SiteVerification

node = helper.make_node
WIDE = {name: Tolerance(9.0, 0.0) for name in TOLERANCES}
NARROW = {name: Tolerance(0.0, 0.0) for name in TOLERANCES}


def scaled(by: float) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Return two models whose resizes differ, and what follows passes on little of that."""
    after = [node("Mul", ["r", "by"], ["m"]), node("ReduceMean", ["x"], ["mean"]),
             node("Add", ["m", "mean"], ["s"]), node("Sin", ["s"], ["y"])]  # fmt: skip
    one, other = pair([], after)
    for model in (one, other):
        model.graph.initializer.append(numpy_helper.from_array(np.array(by, np.float32), "by"))
    return one, other


def same(model: onnx.ModelProto) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Return a model and its copy."""
    return model, onnx.ModelProto.FromString(model.SerializeToString())


def written(*, otherwise: bool) -> onnx.ModelProto:
    """Return a model whose sum is written in one of two orders, which round each in its way."""
    order = ["r", "x0", "x1"] if otherwise else ["x1", "x0", "r"]
    nodes = [resize("half_pixel", "x", "r"), node("Exp", ["r"], ["x0"]), node("Tan", ["r"], ["x1"]),
             node("Add", order[:2], ["s"]), node("Add", ["s", order[2]], ["y"])]  # fmt: skip
    return built(nodes, {"x": IMAGE}, ["y"], SIZES)


def ranked(*, otherwise: bool) -> onnx.ModelProto:
    """Return the order of an image's numbers: rounding alone decides between those there twice."""
    there, back = ("Sub", "Add") if otherwise else ("Add", "Sub")
    nodes = [
        resize("half_pixel", "x", "r"), node("Reshape", ["r", "flat"], ["f"]),
        node("Gather", ["f", "chosen"], ["twice"]), node(there, ["twice", "shift"], ["m"]),
        node(back, ["m", "shift"], ["w"]), node("TopK", ["w", "count"], ["best", "y"]),
    ]  # fmt: skip
    shift = np.random.default_rng(0).uniform(0.5, 1.5, 85).astype(np.float32)
    constants: dict[str, Array] = {
        **SIZES, "shift": shift, "flat": np.array([-1]), "count": np.array([85]),
        "chosen": np.array([*range(81), *range(4)]),
    }  # fmt: skip
    model = built(nodes, {"x": IMAGE}, ["y"], constants)
    made = helper.make_tensor_value_info("y", onnx.TensorProto.INT64, [85])
    model.graph.output[0].CopyFrom(made)
    return model


def flat() -> onnx.ModelProto:
    """Return a model that makes zeros of everything."""
    return built([resize("half_pixel", "x", "r"), node("Mul", ["r", "zero"], ["y"])],
                 {"x": IMAGE}, ["y"], {**SIZES, "zero": np.zeros(1, np.float32)})  # fmt: skip


def refused() -> onnx.ModelProto:
    """Return a model that no runtime takes."""
    return built([node("NoSuchOperator", ["x"], ["y"])], {"x": IMAGE})


def joined() -> onnx.ModelProto:
    """Return a model that takes inputs of length 4 alone, and does not say so."""
    free = {"x": (FLOAT, (1, 1, "h", "w"))}
    four = np.ones((1, 1, 4, 4), np.float32)
    nodes = [resize("half_pixel", "x", "r"), node("Mul", ["x", "four"], ["m"]),
             node("ReduceMean", ["m"], ["s"]), node("Add", ["r", "s"], ["y"])]  # fmt: skip
    return built(nodes, free, ["y"], {**SIZES, "four": four})  # type: ignore[arg-type]


def no_site() -> onnx.ModelProto:
    """Return a model that resamples nothing."""
    return built([node("Sin", ["x"], ["y"])], {"x": IMAGE})


Made = Callable[[], "tuple[onnx.ModelProto, ...]"]
Told = tuple[list[str], VerifySettings, dict[str, Any]]
PLAIN: Told = ([], VerifySettings(), {})
FIVE = {"x": (1, 1, 5, 5)}

CASES: dict[str, tuple[Made, Told, Verdict]] = {
    "the same": (lambda: same(pair([], [node("Sin", ["r"], ["y"])])[0]), PLAIN, "equal"),
    "written otherwise": (
        lambda: (written(otherwise=False), written(otherwise=True)), PLAIN, "equal"),
    "another convention": (lambda: pair([], [node("Sin", ["r"], ["y"])]), PLAIN, "different"),
    "by sites only": (lambda: scaled(1e-12), PLAIN, "different"),
    "within the tolerance": (lambda: scaled(1e-5), PLAIN, "different"),
    "ranks that rounding flips": (
        lambda: (ranked(otherwise=False), ranked(otherwise=True)), PLAIN, "equal"),
    "nothing compared": (lambda: same(flat()), PLAIN, "nothing was compared"),
    "a wide tolerance": (
        lambda: scaled(1.0),
        (["--tolerance", "9"], VerifySettings(tolerances=WIDE), {"tolerances": WIDE}),
        "equal"),
    "no tolerance at all": (
        lambda: (written(otherwise=False), written(otherwise=True)),
        (["--tolerance", "0"], VerifySettings(tolerances=NARROW), {"tolerances": NARROW}),
        "different"),
    "a range": (
        lambda: same(flat()),
        (["--range=-1,1"], VerifySettings(FeedSettings(low=-1.0, ranged=True)),
         {"low": -1.0, "high": 1.0}),
        "nothing was compared"),
    "one is refused": (lambda: (no_site(), refused()), PLAIN, "different"),
    "both are refused": (lambda: (refused(), refused()), PLAIN, "different"),
    "neither takes the shape": (
        lambda: (joined(), same(joined())[1]),
        (["--shape", "x=1x1x5x5"], VerifySettings(FeedSettings(FIVE)), {"shapes": FIVE}),
        "nothing was compared"),
    "alone and right": (lambda: (written(otherwise=False),), PLAIN, "equal"),
    "alone and refused": (lambda: (refused(),), PLAIN, "different"),
    "alone without a site": (lambda: (no_site(),), PLAIN, "nothing was compared"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_verdict(name: str, tmp_path: Path, assert_equivalent: AssertEquivalent) -> None:
    made, (words, settings, options), verdict = CASES[name]
    paths = [str(tmp_path / f"{letter}.onnx") for letter in "ab"]
    models = made()
    paths = paths[: len(models)]
    for path, model in zip(paths, models, strict=True):
        onnx.save(model, path)
    found: Verification | SiteVerification
    if len(paths) == 2:
        found = halfpixel.verify(paths[0], paths[1], settings)
    else:
        found = halfpixel.verify_sites(paths[0], settings)
    assert found.verdict == verdict
    assert found.equal == (verdict == "equal")
    run = run_of(found) if isinstance(found, Verification) else run_of_sites(paths[0], found)
    assert any(one.severity == "error" for one in run.entries) != found.equal
    for form in ("text", "json"):
        result = command("verify", *paths, *words, "--output-format", form)
        assert result.exit_code == (0 if verdict == "equal" else 1), result.output
    told = json.loads(result.stdout)
    assert (told["equal"], told["verdict"]) == (found.equal, verdict)
    if verdict == "equal":
        assert assert_equivalent(*paths, **options).equal
        return
    with pytest.raises(pytest.fail.Exception) as caught:
        assert_equivalent(*paths, **options)
    assert str(caught.value)
