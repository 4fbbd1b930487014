"""What many nodes share is worked out once; what is too much is told, and the rest is judged."""

import numpy as np
from onnx import ModelProto, helper, numpy_helper

import example_models as models
from halfpixel.checking.check import Settings, check, opened
from halfpixel.work import working


def gathers(count: int, length: int) -> ModelProto:
    """Return gathers that all read one long table of pixels, at one of two lengths of a kind."""
    table = numpy_helper.from_array(np.arange(length, dtype=np.int64)[:, None] // 2, "table")
    nodes = [helper.make_node("GatherND", ["x", "table"], [f"y{k}"]) for k in range(count)]
    return models.model(nodes, shape=(length, 3), initializers=[table])


def test_gathers_of_one_table_are_described_once() -> None:
    with working(1 << 40) as one:
        assert len(opened(gathers(1, 5_000)).sites) == 1
    with working(1 << 40) as many:
        found = opened(gathers(100, 5_000)).sites
    assert len({id(site.operation) for site in found}) == 1
    assert many.done < 2 * one.done + 100 * 300


def arithmetic(count: int) -> ModelProto:
    """Return a chain of sums whose every value is the size of a resize, the last first."""
    nodes = [helper.make_node("Shape", ["x"], ["n0"])]
    nodes += [helper.make_node("Add", [f"n{k}", "none"], [f"n{k + 1}"]) for k in range(count)]
    for k in range(count, 0, -1):
        up = helper.make_node("Resize", ["x", "", "", f"n{k}"], [f"y{k}"], f"up{k}")
        nodes.append(up)
    none = numpy_helper.from_array(np.zeros(4, np.int64), "none")
    return models.model(nodes, shape=("b", 1, 6, 6), initializers=[none])


def test_a_chain_of_sums_takes_steps_by_its_length() -> None:
    done: list[int] = []
    for count in (40, 80):
        with working(1 << 40) as work:
            assert len(opened(arithmetic(count)).sites) == count
        done.append(work.done)
    assert done[1] < 2.5 * done[0]


def test_a_chain_that_is_too_long_is_told_and_the_rest_is_judged() -> None:
    (file,) = check(arithmetic(300), Settings(max_work=60_000)).files
    assert file.error is None
    assert len(file.sites) == 300
    assert 0 < len(file.unjudged) < 300
    assert "not judged: it takes more than" in file.unjudged[0]


def test_an_antialiased_resize_with_aligned_corners_is_judged_at_free_lengths() -> None:
    corners = "align_corners"
    node = helper.make_node("Resize", ["x", "", "", "z"], ["y"], name="up", mode="cubic",
                            antialias=1, coordinate_transformation_mode=corners)  # fmt: skip
    size = numpy_helper.from_array(np.array([1, 3, 97, 131], np.int64), "z")
    made = models.model([node], shape=(1, 3, "h", "w"), initializers=[size])
    (file,) = check(made).files
    assert not file.unjudged
    assert "foreign-kernel" in {one.rule.name for one in file.findings}


def test_functions_are_told_as_a_whole_where_nothing_is_left() -> None:
    body = [models.resize("a", f"c{k}", f"up{k}") for k in range(50)]
    opsets = [helper.make_opsetid("", 19)]
    function = helper.make_function("own", "f", ["a", "scales"], ["c49"], body, opsets)
    calls = [helper.make_node("f", [f"x{k}", "scales"], [f"y{k}"], f"call{k}", domain="own")
             for k in range(40)]  # fmt: skip
    made = models.model(calls)
    made.functions.append(function)
    made.opset_import.append(helper.make_opsetid("own", 1))
    for k in range(40):
        shape = (1, 1, 5 + k, 4)
        made.graph.input.append(helper.make_tensor_value_info(f"x{k}", 1, shape))
    (file,) = check(made, Settings(max_work=20_000)).files
    told = [line for line in file.unjudged if "call" in line]
    assert told
    assert len(file.sites) < 50 * 40
