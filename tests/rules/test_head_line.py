"""What a finding says of PyTorch is what the head line says: in every example and every model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from example_models import MODELS
from halfpixel.checking.check import Settings, check_paths
from halfpixel.conventions.torch.text import claim
from halfpixel.rule import Bad, BadModel, package_rules
from halfpixel.sampling import Resize
from halfpixel.site import Operation, Site

DENIED = ("no plain F.interpolate", "neither nearest nor", "PyTorch does not", "from PyTorch's")
"""Words that no finding may have under a head line that names an F.interpolate of the input."""

COREML = MODELS / "coreml"
SUFFIXES = frozenset({".onnx", ".mlpackage", ".mlmodel"})
FOLDERS = sorted(
    {path.parent for path in MODELS.glob("**/*.onnx")} | {*(MODELS / "coreml").iterdir()}
)


def contradicts(operation: Operation, message: str) -> bool:
    """Whether a finding denies the call that the head line names."""
    plain = (operation.torch_call or "").startswith("F.interpolate(x,")
    named = plain and not operation.torch_where
    return (named and any(words in message for words in DENIED)) or (
        not plain and "computes this" in message and "F.interpolate(x," in message
    )


def examples() -> Iterator[tuple[str, Site]]:
    """Yield the sites of every example that has a finding, with its rule's name."""
    for rule in package_rules("halfpixel_rules"):
        for example in rule.examples:
            if isinstance(example, Bad):
                yield rule.name, example.site
            elif isinstance(example, BadModel):
                yield from ((rule.name, site) for site in example.sites)


def headed(site: Site) -> Site:
    """Return a site with the head line that a reader of files would give it."""
    operation = site.operation
    if not isinstance(operation.operator, Resize) or operation.torch_call:
        return site
    scales = operation.scales if operation.by == "scales" else None
    told = claim(operation.operator, scales, *operation.lengths)
    return replace(site, operation=replace(operation, torch_call=told.call, torch_where=told.where))


EXAMPLES = list(examples())
RULES = {rule.name: rule for rule in package_rules("halfpixel_rules")}


@pytest.mark.parametrize(
    ("name", "site"), EXAMPLES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(EXAMPLES)]
)
def test_an_example_agrees_with_its_head_line(name: str, site: Site) -> None:
    told = headed(site)
    for finding in RULES[name].findings(told):
        assert not contradicts(told.operation, finding.message), told.operation.claim


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_models_of_a_folder_agree_with_their_head_lines(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    assert files
    for one in check_paths(files, Settings()).findings:
        assert not contradicts(one.site.operation, one.finding.message), str(one)


def test_a_contradiction_is_seen() -> None:
    said = "F.interpolate(x, size=(2, 2), mode='bilinear', align_corners=True)"
    plain = Operation("Resize", 19, {}, None, torch_call=said)
    assert contradicts(plain, "samples are off; no plain F.interpolate computes this")
    assert not contradicts(replace(plain, torch_call=None), "no plain F.interpolate computes this")
