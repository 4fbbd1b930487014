"""The file beside the module: as exported, and at other lengths where some are free."""

from pathlib import Path
from typing import TYPE_CHECKING

from halfpixel.conversion import ConvertSettings
from halfpixel.converting.quietly import quietly
from halfpixel.converting.source import Source
from halfpixel.converting.trials import cases
from halfpixel.feeds import FeedSettings
from halfpixel.runtime import Side, parse_provider
from halfpixel.verification import Verification, VerifySettings

if TYPE_CHECKING:
    from halfpixel.verification import Case


def verified(path: Path, source: Source, settings: ConvertSettings) -> tuple[Verification, ...]:
    """Return how a file compares with what it has to equal, one result a provider.

    Raises:
        RuntimeFailure: a provider that was asked for is missing.
        MissingExtraError: onnxruntime is not installed.
    """
    from halfpixel.verify import verify

    feeds = FeedSettings(given=cases(source))
    asked = VerifySettings(feeds, settings.tolerances)
    there = source.reference or Side(source.module, label=source.name)
    name = path.with_stem(path.stem.removesuffix(".fixed")).name
    found: list[Verification] = []
    for text in ("", *settings.providers):
        where, options = parse_provider(text) if text else ("", {})
        with quietly():
            found.append(verify(Side(str(path), where, options, name), there, asked))
    return tuple(found)


def site_by_site(path: Path) -> tuple[int, str]:
    """Return how many sites ran by themselves, and why one is not what it says, or nothing.

    Raises:
        RuntimeFailure: onnxruntime is missing.
    """
    from halfpixel.site_check import SiteCheck

    names: set[str] = set()
    for one in SiteCheck(path).results():
        if not one.agrees:
            off = "" if one.exact is None else f"off by {one.exact.max_abs:.3g}"
            amount = one.refused or off
            name = f"{one.site.name} ({one.site.op})"
            return len(names), f"verification of {name} alone failed: {amount}"
        names.add(one.site.name)
    return len(names), ""


def failure(found: tuple[Verification, ...], source: Source) -> str:
    """Return why a file is not the module; empty where it is."""
    for one in found:
        if one.equal:
            continue
        case = next((case for case in one.cases if not case.equal), None)
        if case is None:
            return f"{one.names[0]}: nothing was compared"
        text = f"verification failed on {one.names[0]} at {shapes(case)}: {_amount(case)}"
        if one.first is not None:
            text += f"; {one.first.node} ({one.first.op}) parts them"
        return text + _column(case, source)
    return ""


def shapes(case: "Case") -> str:
    """Return the shapes of the inputs of a case, as `--shape` takes them."""
    return ", ".join(f"{name}={'x'.join(map(str, shape))}" for name, shape in case.shapes.items())


def _amount(case: "Case") -> str:
    if case.refused:
        return " ".join(case.refused.split())
    worst = max(case.outputs, key=lambda one: one.difference.rank)
    return worst.difference.reason or (
        f"output {worst.name} differs by up to {worst.difference.max_abs:.3g}"
    )


def _column(case: "Case", source: Source) -> str:
    """Say that PyTorch itself is wrong where it is known to be, as rule antialias-column has it."""
    columns = [
        call
        for call in source.calls
        if "_aa" in call.target and call.output_shape is not None and call.output_shape[-1] == 1
    ]
    if not columns or case.refused or source.reference is not None:
        return ""
    return (
        f"; PyTorch's own CPU result is wrong there (rule antialias-column): {columns[0].text} "
        "repeats its first row"
    )
