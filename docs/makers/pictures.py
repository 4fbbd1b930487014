"""The pictures of the pages: of each rule an example that it finds, and one that it does not."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

from halfpixel.report.pictures import picture_of_finding
from halfpixel.report.pictures.subject import picture_of_subject
from halfpixel.rule import Bad, BadModel, Finding, Good, GoodModel, Rule, load_rules
from halfpixel.site import Site

FOLDER = "rules/images"

CALL = 'F.interpolate(x, scale_factor=2, mode="bilinear", align_corners={})'


def front() -> str:
    """Return the picture that README opens with: the forum's drawing, both settings."""
    return picture_of_subject(CALL.format("True"), CALL.format("False"))


@cache
def of_rule(name: str) -> Mapping[str, str]:
    """Return a rule's pictures by what they show, `bad` and `good`; those that can be drawn."""
    found: dict[str, str] = {}
    (rule,) = [rule for rule in load_rules() if rule.name == name]
    for kind, site, finding in _examples(rule):
        if kind not in found and (svg := picture_of_finding(site, finding, heading=False)):
            found[kind] = svg
    return found


def _examples(rule: Rule) -> Iterator[tuple[str, Site, Finding | None]]:
    """Yield the examples of a rule, those of which lengths are known first."""
    flat: list[tuple[str, Site, Finding | None]] = []
    for example in rule.examples:
        match example:
            case Bad():
                flat.append(("bad", example.site, example.finding))
            case Good():
                flat.append(("good", example.site, None))
            case BadModel():
                flat += [
                    ("bad", s, example.finding) for s in example.sites if s.name == example.node
                ]
            case GoodModel():
                flat += [("good", site, None) for site in example.sites]
    yield from sorted(flat, key=lambda one: one[1].input_shape is None)


def _text(name: str, kind: str) -> str:
    return of_rule(name)[kind]


def files() -> Mapping[str, Callable[[], str]]:
    """Return every picture by its path below docs."""
    return {
        "picture.svg": front,
        **{
            f"{FOLDER}/{rule.name}-{kind}.svg": partial(_text, rule.name, kind)
            for rule in load_rules()
            for kind in of_rule(rule.name)
        },
    }


def shown(rule: Rule) -> str:
    """Return the section of a rule's page that shows its pictures; empty where it has none."""
    said = {"bad": "What it finds:", "good": "What it is silent about:"}
    parts = [
        f"{said[kind]}\n\n![{rule.name}: {said[kind].lower().rstrip(':')}]"
        f"(images/{rule.name}-{kind}.svg)"
        for kind in said
        if kind in of_rule(rule.name)
    ]
    return "\n\n".join(["## In pictures", *parts]) if parts else ""
