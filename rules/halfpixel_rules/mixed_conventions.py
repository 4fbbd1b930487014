"""Linear resizes of one model follow different conventions.

## Why it matters
Where one branch is enlarged with aligned corners and another without, features that are added
or concatenated are up to half a pixel apart at the borders. It is right where the network was
built so, and a common sign of one resize that was exported or edited wrongly.

## Where it comes from
Networks put together from several codebases; one node touched by a converter.

## What is reported
A note on the first node of the minority, with both counts. Resizes whose lengths make the
conventions equal are not counted.

## Fix safety
None: the model does not say which of them was meant.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from halfpixel.rule import BadModel, Facts, Finding, GoodModel, Rule, example_site
from halfpixel.sampling import Cubic, Linear, Resize, Sampling, compare_resize
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.site import Site

DECLINED = "the model does not say which of them was meant"
HALF: frozenset[Coordinate] = frozenset({"half_pixel", "pytorch_half_pixel"})


def check_model(sites: Sequence[Site]) -> Iterator[tuple[Site, Finding]]:
    """Count the conventions of a model's smooth resizes."""
    groups: dict[str, list[Site]] = {"align_corners": [], "half-pixel": []}
    for site in sites:
        kind = _convention(site)
        if kind is not None:
            groups[kind].append(site)
    if not all(groups.values()):
        return  # the common case, before any weights are compared
    for kind, members in groups.items():
        groups[kind] = [site for site in members if _tells(site)]
    few, many = sorted(groups, key=lambda kind: (len(groups[kind]), kind))
    if not groups[few]:
        return
    count, rest = len(groups[few]), len(groups[many])
    message = (
        f"{count} resize{'s' if count > 1 else ''} of this model on {few} coordinates, {rest} on "
        f"{many} ones"
    )
    yield groups[few][0], Finding(message, "note", "proven", declined=DECLINED)


def _convention(site: Site) -> str | None:
    """Return which of the two conventions a smooth resize follows, if any."""
    operator = site.operator
    if not isinstance(operator, Resize):
        return None
    smooth = [s for _, s in operator.axes if isinstance(s.kernel, Linear | Cubic)]
    if not smooth:
        return None
    if smooth[0].coordinate == "align_corners":
        return "align_corners"
    return "half-pixel" if smooth[0].coordinate in HALF else None


def _tells(site: Site) -> bool:
    """Whether the two conventions differ at the site's lengths."""
    operator = site.operator
    if not isinstance(operator, Resize):
        return False
    corners = _convention(site) == "align_corners"
    other: Coordinate = "half_pixel" if corners else "align_corners"
    axes = tuple((axis, replace(s, coordinate=other)) for axis, s in operator.axes)
    return not compare_resize(operator, Resize(axes), *site.operation.lengths).negligible


_SIZES: Facts = {"input_shape": (1, 3, 4), "output_shape": (1, 3, 8), "by": "sizes"}


def _up(name: str, coordinate: Coordinate) -> Site:
    return example_site("Resize", Resize(((2, Sampling(coordinate, Linear())),)), _SIZES, name=name)


RULE = Rule(
    __name__,
    __doc__,
    examples=(
        GoodModel((_up("a", "half_pixel"), _up("b", "half_pixel"))),
        BadModel(
            (_up("a", "half_pixel"), _up("b", "align_corners"), _up("c", "half_pixel")),
            "b",
            Finding(
                "1 resize of this model on align_corners coordinates, 2 on half-pixel ones",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
    check_model=check_model,
)
