"""Random nodes with PyTorch's record of the call that was meant, and what is said of the two."""

import numpy as np
from hypothesis import strategies as st
from msgspec.structs import replace

from claims.drawing import FACTORS, PLAIN, PYTORCH
from claims.judging import Fault, inputs_of, near, pasted, reference, session_of
from claims.nodes import Node
from halfpixel.checking.check import check
from halfpixel.site import Site

TARGETS = {
    "upsample_nearest2d": ("nearest", False),
    "_upsample_nearest_exact2d": ("nearest", False),
    "upsample_bilinear2d": ("linear", True),
    "upsample_bicubic2d": ("cubic", True),
    "_upsample_bilinear2d_aa": ("linear", True),
    "_upsample_bicubic2d_aa": ("cubic", True),
}
CALL = "%u : [num_users=1] = call_function[target=torch.ops.aten.{}.vec]"
LINE = CALL + "(args = (%x, {}), kwargs = {{}})"


@st.composite
def recorded(draw: st.DrawFn) -> Node:
    """Draw a Resize of an image, and a record that it may or may not keep to."""
    target = draw(st.sampled_from(sorted(TARGETS)))
    mode, has_corners = TARGETS[target]
    corners = draw(st.booleans())
    by = draw(st.sampled_from(("scales", "sizes")))
    shape: tuple[int, ...] = (1, 2, draw(st.integers(1, 16)), draw(st.integers(1, 16)))
    around = draw(st.sampled_from((FACTORS, PLAIN)))
    if by == "scales":
        factors = [draw(st.sampled_from(around)) for _ in range(2)]
        shape = (
            *shape[:2],
            *(n + 50 * (f < 0.05) for n, f in zip(shape[2:], factors, strict=True)),
        )
        values: tuple[float, ...] = (1, 1, *(float(np.float32(f)) for f in factors))
        given = f"None, {f'{corners}, ' * has_corners}{factors}"
    else:
        sizes = [draw(st.sampled_from((1, 2, 3, 5, n, 2 * n, 14))) for n in shape[2:]]
        values = (*shape[:2], *sizes)
        given = f"{sizes}, {f'{corners}, ' * has_corners}None"
    coordinates = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    attributes: dict[str, int | float | str | tuple[int, ...]] = {
        "mode": mode,
        "coordinate_transformation_mode": draw(st.sampled_from(coordinates)),
    }
    if mode == "nearest":
        roundings = ("floor", "floor", "round_prefer_ceil", "round_prefer_floor")
        attributes["nearest_mode"] = draw(st.sampled_from(roundings))
    if target.endswith("_aa") and draw(st.booleans()):
        attributes |= {"antialias": 1, "exclude_outside": 1}
    if mode == "cubic":
        attributes["cubic_coeff_a"] = draw(st.sampled_from((-0.75, -0.5)))
    free = frozenset({2, 3}) if draw(st.booleans()) else frozenset[int]()
    if by == "sizes":
        free = frozenset()
    return Node(
        "Resize", 18, tuple(attributes.items()), shape, free, by, values,
        producer=PYTORCH, record=LINE.format(target, given),
    )  # fmt: skip


def contradicted(node: Node) -> list[Fault]:
    """Return where nothing is found though the node is not what was meant at its own lengths."""
    report = check(node.model())
    (site,) = report.sites
    if site.intent is None:
        return [Fault("record not read", node, node.shape, node.record)]
    feeds = inputs_of(node, node.shape)
    found, exact = reference(session_of(node), site, feeds)
    references = [array for array in (found, exact) if array is not None and array.size]
    if not references or len(references) < 2:
        return []
    meant = pasted(claiming(site, site.intent.text), feeds, references[0].shape)
    if isinstance(meant, str):
        return []
    agrees = any(near(meant, array) for array in references)
    told = [located.finding for located in report.findings]
    wrong = [one for one in told if one.severity == "error"]
    if not agrees and not told:
        return [Fault("silent", node, node.shape, f"{site.intent.text} was meant")]
    if agrees and all(near(meant, array) for array in references) and wrong and not node.free:
        return [Fault("false alarm", node, node.shape, wrong[0].message)]
    return []


def claiming(site: Site, text: str) -> Site:
    """Return a site that claims another call."""
    return replace(site, operation=replace(site.operation, torch_call=text))
