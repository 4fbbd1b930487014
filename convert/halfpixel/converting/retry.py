"""What is tried where an export is refused: the other exporter, and other lengths to export at.

A trace and a graph follow one path through a module. At the size that it was trained at, a module
often takes a path of its own (position embeddings that need no resize): exported at another
size, the file is right there too.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.converting.branches import branch, told
from halfpixel.converting.candidate import Candidate, conversion_of, sure, unmet
from halfpixel.converting.cases import Cases
from halfpixel.converting.exports import OLDER, Exports
from halfpixel.converting.load import at_lengths, trace
from halfpixel.converting.result import Conversion
from halfpixel.verifying.result import shapes_text

if TYPE_CHECKING:
    import onnx

    from halfpixel.arrays import Feeds
    from halfpixel.converting.result import Exporter
    from halfpixel.converting.source import Source

    Tried = tuple[Exports, Candidate, list[Candidate]]

OTHERS: Final[dict[str, "Exporter"]] = {"dynamo": "torchscript", "torchscript": "dynamo"}
"""The other exporter to ONNX."""

GRAPH: Final = "a trace fixes a length here that PyTorch's own graph follows: --exporter dynamo"
LINES: Final = 2
"""Lines of a module that are named."""


SIZES: Final = 2
"""Other lengths that are exported at."""


def converted(exports: Exports) -> Conversion:
    """Return what became of a module, written to its file where it is right."""
    source, settings = exports.source, exports.settings
    if source.stateful and not settings.force:
        refused = f"{source.stateful}; a file holds no state"
        return Conversion(source.name, exporter=exports.exporter, refused=refused)
    best, candidates = exports.candidates()
    if source.deferred and source.made is not None and not sure(source, best):
        trace(source)
        exports = replace(exports, folder=_folder(exports.folder, "graph"), cases=None)
        best, candidates = exports.candidates()
    chosen, best, candidates = _retried(exports, best, candidates)
    if unmet(best) and chosen.may_be_older(best):
        older = chosen.older()
        again, more = older.candidates()
        worse = again.refused or again.doubtful or len(again.ran.narrower) > len(best.ran.narrower)
        if not worse and unmet(again) < unmet(best):
            again.notes.append(f"opset {OLDER}: the target takes more of it than of later ones")
            chosen, best, candidates = older, again, more
    found = conversion_of(chosen.source, chosen.exporter, best, candidates)
    if best.fixed is None or best.path is None or (best.refused and not settings.force):
        return found
    if exports.target is None:
        return dataclasses.replace(found, proto=_loaded(best.path))
    best.fixed.save(exports.target, replace=True)
    return dataclasses.replace(found, output=str(exports.target))


def _retried(exports: Exports, best: Candidate, candidates: "list[Candidate]") -> "Tried":
    """Return what is taken where an export is refused: itself, where nothing else does better."""
    usual = exports, best, candidates
    if not best.refused or exports.source.scripted or exports.exporter not in OTHERS:
        return usual
    if best.exported is not None and exports.source.graph is None:
        found = next(_at_other_lengths(exports, best), None)
        if found is not None:
            return found
    lengths = exports.cases is not None and bool(_wrong(best, exports.cases, exports.source))
    if best.exported is not None and exports.exporter == "torchscript":
        best.refused += _fixed(exports.source, best) if lengths else ""
        return usual
    if best.exported is not None and not lengths:
        return usual
    name = OTHERS[exports.exporter]
    settings = replace(exports.settings, exporter=name)
    beside = replace(exports, settings=settings, folder=_folder(exports.folder, name))
    other, more = beside.candidates()
    if other.refused and other.exported is not None and best.exported is None:
        beside, other, more = next(_at_other_lengths(beside, other), (beside, other, more))
    if other.refused:
        best.refused += f"; --exporter {name} is refused too: {other.refused}"
    elif exports.settings.exporter is None and exports.settings.opset is None:
        other.notes.append(f"by the other exporter: {best.refused}")
        return beside, other, more
    else:
        best.refused += f"; --exporter {name} is another way"
    return usual


def _fixed(source: "Source", best: Candidate) -> str:
    """Return which numbers a trace fixes that PyTorch's own graph follows; empty for none."""
    if best.exported is None or source.program is None or not best.exported.constants:
        return ""
    numbers = [one for one in best.exported.constants if one.number]
    asking = numbers or [one for one in best.exported.constants if not one.guard]
    lines = [told(one.place, one.line) for one in asking[:LINES]]
    made = f"; constants of the trace: {', '.join(lines)}" if lines else ""
    return f"{made}; {GRAPH}"


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def _at_other_lengths(exports: Exports, best: Candidate) -> "Iterator[Tried]":
    """Yield exports at lengths at which the file is not the module, where they are right."""
    source, chosen = exports.source, exports.cases
    if source.ready or source.arrays or source.reference or chosen is None:
        return
    for number, feeds in enumerate(_wrong(best, chosen, source)[:SIZES]):
        at = shapes_text({name: array.shape for name, array in feeds.items()})
        source.stage(f"exporting again at {at}")
        there = at_lengths(source, feeds)
        cases = Cases((there.feeds, *chosen.feeds), chosen.notes)
        folder = _folder(exports.folder, f"s{number}")
        other = replace(exports, source=there, folder=folder, cases=cases)
        found, more = other.candidates()
        if not found.refused:
            here = shapes_text({name: array.shape for name, array in source.feeds.items()})
            found.notes.append(
                f"exported at {at}: at {here} the module takes a path that holds there alone, and "
                "the file is right at both"
            )
            yield other, found, more
    if best.ran.verifications:
        best.refused += _alone(best, source, exports.exporter)
        for feeds in _wrong(best, chosen, source)[:1]:
            if line := branch(source, chosen.feeds[0], feeds):
                best.refused += f"; the module branches on it at {line}"


def _wrong(best: Candidate, chosen: Cases, source: "Source") -> "list[Feeds]":
    """Return inputs at lengths at which a file is wrong that is right as exported."""
    cases = next((ran.cases for ran in best.ran.verifications), ())
    if len(cases) != len(chosen.feeds) or not all(case.equal for case in cases[:1]):
        return []
    wrong = [f for f, case in zip(chosen.feeds, cases, strict=True) if not case.equal]
    other = [f for f in wrong if _lengths(f, source) != _lengths(chosen.feeds[0], source)]
    return sorted(other, key=lambda feeds: -min(_lengths(feeds, source)))


def _lengths(feeds: "Feeds", source: "Source") -> Sequence[int]:
    """Return the free lengths of inputs, but for batches."""
    found = [
        cast("int", feeds[name].shape[axis])
        for name, free in source.free.items()
        for axis in free
        if axis
    ]
    return found or [1]


def _alone(best: Candidate, source: "Source", exporter: str) -> str:
    """Name the options with which a file is written that is right at some lengths or values."""
    cases = best.ran.verifications[0].cases
    first, wrong = cases[0], [case.lengths for case in cases if not case.equal]
    if not first.equal or not wrong:
        return ""
    if first.lengths in wrong:
        low, high = source.limits
        option = f"--exporter {exporter} --range {low:g},{high:g}"
        return f"; it is right for other values: {option} says that there are no others"
    given = " ".join(f"--input {one}" for one in first.lengths.split(", "))
    return f"; it is right as exported: {given} without --dynamic is for these lengths alone"


def _loaded(path: Path) -> "onnx.ModelProto":
    """Return a model in memory, before the file that it was exported to is gone."""
    import onnx

    return onnx.load(path)  # pyright: ignore[reportUnknownMemberType]
