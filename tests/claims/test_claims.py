"""What is said of a node or a pair is so: random ones here, twenty thousand in benchmarks/."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from claims.attributing import attribute
from claims.drawing import grid_samples, resizes
from claims.judging import inputs_of, judge, near, reference, session_of, site_of
from claims.nodes import Attribute, Node
from claims.pairs import Pair, pairs, untrue
from claims.records import contradicted, recorded
from halfpixel.checking.check import check
from halfpixel.conventions.torch.proviso import NO_BOUNDARY, NO_COLUMN, NO_SINGLE

SLOW = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(node=st.one_of(resizes(), resizes(), resizes(), grid_samples()))
@settings(SLOW, max_examples=300)
def test_no_claim_is_refuted_and_each_difference_has_a_cause(node: Node) -> None:
    assert judge(node, attribute).faults == ()


@given(node=recorded())
@settings(SLOW, max_examples=60)
def test_what_is_not_meant_is_found(node: Node) -> None:
    assert contradicted(node) == []


@given(pair=pairs())
@settings(SLOW, max_examples=140)
def test_verdicts_hold_far_out(pair: Pair) -> None:
    assert untrue(pair) == ""


FLOOR: dict[str, Attribute] = {
    "mode": "nearest",
    "coordinate_transformation_mode": "asymmetric",
    "nearest_mode": "floor",
}
HALF: dict[str, Attribute] = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
CORNER: dict[str, Attribute] = {**HALF, "coordinate_transformation_mode": "asymmetric"}
TORCH: dict[str, Attribute] = {**HALF, "coordinate_transformation_mode": "pytorch_half_pixel"}
WIDE: dict[str, Attribute] = {**HALF, "antialias": 1, "exclude_outside": 1}
CUBIC: dict[str, Attribute] = {
    "mode": "cubic",
    "coordinate_transformation_mode": "asymmetric",
    "cubic_coeff_a": -0.75,
}
EVERY = frozenset(range(4))
LAST = frozenset({2, 3})


def a_resize(
    attributes: Mapping[str, Attribute],
    shape: tuple[int, ...],
    by: str,
    values: tuple[float, ...],
    free: frozenset[int] = frozenset(),
) -> Node:
    """Return a Resize-18."""
    return Node("Resize", 18, tuple(attributes.items()), shape, free, by, values)


SAID = [
    (a_resize({**CUBIC, "exclude_outside": 1}, (1, 1, 5, 3), "sizes", (1, 1, 12, 14)), None, ""),
    (a_resize(CUBIC, (1, 1, 5, 3), "sizes", (1, 1, 12, 14)), "F.pad", ""),
    (a_resize(FLOOR, (1, 1, 9, 8), "scales", (1, 1, 1.1, 0.25)), None, ""),
    (a_resize(FLOOR, (1, 1, 15, 15), "scales", (1, 1, 2.04, 2.04)), None, ""),
    (a_resize(FLOOR, (1, 1, 20, 20), "scales", (1, 1, 1.1, 1.1)), "scale_factor=1.1", ""),
    (a_resize(FLOOR, (1, 1, 8, 8), "scales", (1, 1, 1.1, 1.1), LAST), None, ""),
    (a_resize(FLOOR, (1, 1, 8, 200), "scales", (1, 1, 1.1, 1), LAST), None, ""),
    (a_resize(FLOOR, (1, 1, 8, 8), "scales", (1, 1, 2, 2), EVERY), "scale_factor=2.0", ""),
    (a_resize(FLOOR, (1, 1, 8), "scales", (1, 1, 1.5), frozenset({2})), "scale_factor=1.5", ""),
    (a_resize(FLOOR, (1, 1, 2, 2), "sizes", (1, 1, 2, 82)), "nearest-exact", ""),
    (
        a_resize(FLOOR, (1, 1, 4, 4), "computed", (1, 1, 5, 7), EVERY),
        "size=(height, width)",
        NO_BOUNDARY,
    ),
    (a_resize(HALF, (1, 1, 60, 60), "scales", (1, 1, 0.02, 0.02), EVERY), "scale_factor=0.02", ""),
    (a_resize(HALF, (1, 1, 6, 6), "scales", (1, 1, 2.6, 2.6), LAST), "2.6", "lengths are below 45"),
    (a_resize(HALF, (1, 1, 6, 6), "scales", (1, 1, 1.3, 1.3), LAST), None, ""),
    (a_resize(TORCH, (1, 1, 6, 6), "scales", (1, 1, 0.5, 2), LAST), "(0.5, 2.0)", NO_SINGLE),
    (a_resize(TORCH, (1, 1, 6, 6), "scales", (1, 1, 2, 2), LAST), "scale_factor=2.0", ""),
    (a_resize(TORCH, (1, 1, 6, 6), "sizes", (1, 1, 9, 9), LAST), "size=(9, 9)", ""),
    (a_resize(HALF, (2, 3, 6, 6), "sizes", (2, 3, 9, 9), EVERY), "(9, 9)", "axes 0, 1 stay"),
    (
        a_resize(HALF, (2, 3, 6, 6), "fed", (2, 3, 9, 9), EVERY),
        "size=(height, width)",
        "axes 0, 1 stay",
    ),
    (a_resize(HALF, (2, 3, 6, 6), "computed", (2, 3, 9, 9), EVERY), "size=(height, width)", ""),
    (
        a_resize(
            {**HALF, "axes": (2, 3), "keep_aspect_ratio_policy": "not_larger"},
            (1, 1, 6, 6),
            "sizes",
            (9, 7),
            LAST,
        ),
        None,
        "",
    ),
    (a_resize(WIDE, (1, 1, 2, 7), "sizes", (1, 1, 3, 1)), "x.mT, size=(1, 3)", ""),
    (a_resize(WIDE, (1, 1, 8, 8), "scales", (1, 1, 0.5, 0.5), LAST), "0.5", NO_COLUMN),
]


@pytest.mark.parametrize(("node", "call", "where"), SAID)
def test_a_call_is_claimed_where_it_is_what_runs(node: Node, call: str | None, where: str) -> None:
    """And where that is so at some lengths only, these are told."""
    operation = site_of(node).operation
    assert operation.torch_call is None if call is None else call in str(operation.torch_call)
    assert operation.torch_where.partition("where ")[2].endswith(where)
    assert bool(operation.torch_where) == bool(where)
    assert judge(node, attribute).faults == ()


def test_a_search_that_tried_nothing_has_found_nothing() -> None:
    """No length up to 12 yields a sample by 0.02."""
    record = "%u : [num_users=1] = call_function[target=torch.ops.aten.upsample_bilinear2d.vec]"
    node = a_resize(CORNER, (1, 1, 60, 60), "scales", (1, 1, 0.02, 0.02), LAST)
    told = replace(node, record=f"{record}(args = (%x, None, False, [0.02, 0.02]), kwargs = {{}})")
    (located,) = check(told.model()).findings
    assert "at length 50 to 1" in located.finding.message


@pytest.mark.parametrize(("axes", "stays"), [((-2, -1), "6x4"), ((2, -1), "4"), ((2, 3), "")])
def test_a_policy_is_not_applied_to_negative_axes(axes: tuple[int, ...], stays: str) -> None:
    """The output of onnxruntime has the lengths that the finding names."""
    policy: dict[str, Attribute] = {**HALF, "axes": axes, "keep_aspect_ratio_policy": "not_larger"}
    node = a_resize(policy, (1, 1, 6, 4), "sizes", (14, 7))
    found = [
        one.finding for one in check(node.model()).findings if one.rule.name == "negative-axes"
    ]
    assert [one.message.rpartition("are (")[2] for one in found] == [f"{stays})"] * bool(stays)
    assert judge(node, attribute).attributed == ("negative axes",) * bool(stays)


CROP: dict[str, Attribute] = {
    "coordinate_transformation_mode": "tf_crop_and_resize",
    "extrapolation_value": -3.5,
}
FILTER: dict[str, Attribute] = {**CROP, "antialias": 1, "exclude_outside": 1}
SKIPPED, PLANES = "roi skipped", "channels last border"
REACHED = (0, -0.2, -0.2, 0, 1, 1, 1.3, 1)
CROPS = [
    ("linear", CROP, (4, 2, 15, 128), (4, 2, 15, 256), (0, 0, -0.2, -0.2, 1, 1, 1, 1.3), SKIPPED),
    ("linear", CROP, (3, 3, 64, 3), (3, 3, 14, 3), (0, 0, -0.2, 0.1, 1, 1, 1, 1), SKIPPED),
    ("cubic", CROP, (3, 4, 4, 9), (3, 16, 16, 9), (0, 0.1, 0.1, 0, 1, 0.8, 1.3, 1), PLANES),
    ("cubic", FILTER, (3, 8, 6, 9), (3, 14, 9, 9), REACHED, PLANES),
    ("linear", FILTER, (1, 8, 6, 2), (1, 14, 9, 2), REACHED, PLANES),
    ("linear", CROP, (1, 8, 6, 2), (1, 14, 9, 2), REACHED, "float32 border"),
    ("cubic", FILTER, (1, 8, 6, 2), (1, 14, 6, 2), REACHED, PLANES),
    ("nearest", CROP, (2, 2, 1, 11, 311), (2, 2, 9, 5, 21),
     (0, 0, 0.1, 0, -0.2, 1, 1, 1.3, 0.8, 1.3), "float32 tie"),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "attributes", "shape", "sizes", "roi", "cause"), CROPS)
def test_each_difference_of_a_crop_has_its_cause(  # noqa: PLR0913, PLR0917 - a table
    mode: str,
    attributes: Mapping[str, Attribute],
    shape: tuple[int, ...],
    sizes: tuple[int, ...],
    roi: tuple[float, ...],
    cause: str,
) -> None:
    """Axes of scale 1 are taken whole; with the channels last the constant is misplaced."""
    rounding = {"nearest_mode": "floor"} if mode == "nearest" else {}
    given = {"mode": mode, **rounding, **attributes}
    judged = judge(replace(a_resize(given, shape, "sizes", sizes), roi=roi), attribute)
    assert (judged.attributed, judged.faults) == ((cause,), ())


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("corners", [0, 1])
def test_a_nearest_grid_is_that_of_float32(padding: str, corners: int) -> None:
    """Between two pixels of a long axis the runtime takes the one that float32 is nearer to."""
    given = (("mode", "nearest"), ("padding_mode", padding), ("align_corners", corners))
    node = Node("GridSample", 20, given, (1, 1, 311, 311))
    middles = np.arange(0, 311, dtype=np.float64) + 0.5
    grid = 2 * middles / 310 - 1 if corners else (2 * middles + 1) / 311 - 1
    feeds = inputs_of(node, node.shape)
    feeds["grid"] = np.stack(np.broadcast_arrays(grid[:, None], grid), -1)[None].astype(np.float32)
    found, exact = reference(session_of(node), site_of(node), feeds)
    assert found is not None
    assert exact is not None
    assert not near(found, exact)
    assert attribute(node, feeds, found, exact) == "float32 grid"
    assert attribute(node, feeds, found + 1, exact) is None
