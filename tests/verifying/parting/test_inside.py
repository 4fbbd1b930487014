"""The node that parts two models is named inside If, Loop, Scan and functions too."""

from collections.abc import Callable

import onnx
import pytest
import torch
from onnx import GraphProto, ModelProto, NodeProto
from torch import Tensor, nn
from torch.nn import functional

from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.verify import verify
from nested_models import (
    CONSTANTS,
    FLOAT,
    SMALL,
    branch,
    called,
    function,
    looped,
    model,
    nested,
    node,
    repeated,
    resize,
    scanned,
)
from resize_pairs import command

Made = Callable[[str], ModelProto]
CASES: dict[str, tuple[Made, str, str]] = {
    "If": (lambda mode: model(branch(mode), SMALL), "then_up", "either.then_branch"),
    "Loop": (lambda mode: model(looped(mode), SMALL), "loop_up", "loop.body"),
    "Scan": (lambda mode: model(scanned(mode), [3, *SMALL]), "scan_up", "scan.body"),
    "a Loop in an If": (
        lambda mode: model(nested(mode), SMALL), "loop_up", "either.then_branch/loop.body"),
    "a function": (
        lambda mode: model(called(mode), SMALL, (function("how"),)), "fun_up", "second.Up"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("renamed", [False, True])
def test_the_site_is_named_inside(name: str, *, renamed: bool) -> None:
    made, expected, graph = CASES[name]
    one, other = made("half_pixel"), made("align_corners")
    if renamed:
        rename(other.graph, "x", "y")
    found = verify(one, other)
    assert found.verdict == "different"
    assert found.first is not None
    assert (found.first.node, found.first.op, found.first.site) == (expected, "Resize", True)
    assert found.first.introduced is not None
    assert found.first.graph == graph
    same = made("half_pixel")
    assert verify(one, same).equal


def rename(graph: GraphProto, *kept: str) -> None:
    """Give the main graph's values other names, as another exporter does."""
    for one in graph.node:
        for names in (one.input, one.output):
            for place, name in enumerate(names):
                if name and name not in {*kept, *CONSTANTS}:
                    names[place] = f"other_{name}"


@pytest.mark.parametrize(("made", "graph"), [(branch, "either.then_branch"), (looped, "loop.body")])
def test_a_node_that_is_no_site_is_named_inside_too(
    made: Callable[[str, str], list[NodeProto]], graph: str
) -> None:
    one, other = (model(made("half_pixel", wave), SMALL) for wave in ("Sin", "Cos"))
    found = verify(one, other)
    assert found.first is not None
    assert (found.first.node, found.first.op) == ("wave", "Sin")
    assert found.first.graph == graph
    assert found.first.introduced is not None


def test_it_is_told_where_a_node_stands(tmp_path: object) -> None:
    paths = [f"{tmp_path}/{mode}.onnx" for mode in ("half_pixel", "align_corners")]
    for mode, path in zip(("half_pixel", "align_corners"), paths, strict=True):
        onnx.save(model(branch(mode), SMALL), path)
    result = command("verify", *paths)
    assert "first divergent site: then_up (Resize) in either.then_branch; off by" in result.output


def test_where_no_node_can_be_named_the_text_says_what_was_tried(tmp_path: object) -> None:
    paths = [f"{tmp_path}/{wave}.onnx" for wave in ("Sin", "Cos")]
    for wave, path in zip(("Sin", "Cos"), paths, strict=True):
        made = model([resize("half_pixel", "x", "r", "up"), node(wave, ["r"], ["w"], "wave"),
                      node("Neg", ["w"], ["y"])], SMALL)  # fmt: skip
        if wave == "Cos":
            rename(made.graph, "x", "y")
            made.graph.node[-1].output[0] = "end"
            made.graph.output[0].name = "end"
        onnx.save(made, path)
    result = command("verify", *paths)
    assert result.exit_code == 1
    told = (
        "no run tells which node parts them; tried: 1 pair of resampling nodes, by what they make"
    )
    assert told in result.output


def later(wave: str) -> list[NodeProto]:
    """Return a Loop whose first iteration makes zeros of everything."""
    body = [node("Cast", ["i"], ["f"], to=FLOAT), node("Mul", ["s", "f"], ["m"], "times"),
            node(wave, ["m"], ["w"], "wave"), node("Add", ["w", "s"], ["s2"], "add"),
            node("Identity", ["go"], ["on"])]  # fmt: skip
    graph = repeated("half_pixel")
    del graph.node[:]
    graph.node.extend(body)
    return [node("Loop", ["three", "", "x"], ["y"], "loop", body=graph)]


def test_a_later_iteration_is_looked_at_too() -> None:
    found = verify(model(later("Sin"), SMALL), model(later("Tan"), SMALL))
    assert found.first is not None
    assert (found.first.node, found.first.graph) == ("wave", "loop.body")
    assert found.first.introduced is not None


def long(mode: str) -> list[NodeProto]:
    """Return an If with more values than are all asked for."""
    made = branch(mode)
    then = next(one.g for one in made[-1].attribute if one.name == "then_branch")
    for place in range(300):
        then.node.insert(0, node("Abs", ["x"], [f"unused{place}"]))
    return made


def test_of_many_inner_values_those_at_sites_are_asked_for() -> None:
    found = verify(model(long("half_pixel"), SMALL), model(long("align_corners"), SMALL))
    assert found.first is not None
    assert (found.first.node, found.first.graph) == ("then_up", "either.then_branch")
    assert found.first.introduced is not None


class Up(nn.Module):
    """What the branch that is taken and the functions compute."""

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge."""
        return torch.sin(functional.interpolate(torch.relu(x), size=(9, 9), mode="bilinear"))


class Repeated(nn.Module):
    """What the Loop computes."""

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge and shrink three times."""
        x = x.abs()
        for _ in range(3):
            large = functional.interpolate(x, size=(9, 9), mode="bilinear")
            x = torch.sin(functional.interpolate(large, size=(4, 4), mode="bilinear"))
        return x


def plain(mode: str) -> ModelProto:
    """Return the same without a branch, under other names."""
    nodes = [node("Relu", ["x"], ["a"], "plain_relu"), resize(mode, "a", "b", "plain_up"),
             node("Sin", ["b"], ["y"], "plain_sin")]  # fmt: skip
    return model(nodes, SMALL)


def in_branch(mode: str) -> ModelProto:
    return model(branch(mode), SMALL)


def in_loop(mode: str) -> ModelProto:
    return model(looped(mode), SMALL)


def in_function(mode: str) -> ModelProto:
    calls = called(mode)[:1]
    for one in calls[0].attribute:
        one.s = mode.encode()
    return model([*calls, node("Sin", ["u"], ["y"])], SMALL, (function("how"),))


@pytest.mark.parametrize(
    ("one", "other", "expected", "reversed_name"),
    [
        (in_branch, Up, "then_up", "then_up"),
        (in_loop, Repeated, "loop_up", "loop_up"),
        (in_function, Up, "fun_up", "fun_up"),
        (in_branch, plain, "then_up", "plain_up"),
        (in_function, plain, "fun_up", "plain_up"),
        (in_branch, in_function, "then_up", "fun_up"),
    ],
)
def test_the_other_side_may_be_written_otherwise(
    one: Made, other: Callable[..., object], expected: str, reversed_name: str
) -> None:
    right = other("half_pixel") if other in {plain, in_function} else other()
    ranged = VerifySettings(FeedSettings(ranged=True))  # what is negative takes another branch
    assert verify(one("half_pixel"), right, ranged).equal
    for sides, name in (
        ((one("align_corners"), right), expected),
        ((right, one("align_corners")), reversed_name),
    ):
        found = verify(*sides)
        assert found.first is not None
        assert found.first.node == name
        assert found.first.introduced is not None
