"""The page of conventions: each sampling that a framework has a name for, in the words of all."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from halfpixel.checking.sampling_words import FORMULAS, kernel_words
from halfpixel.convention import Convention, load_conventions
from halfpixel.sampling import Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import by_lengths

HEAD = """# Conventions

Made by `docs/build.py` from the program's own dictionaries (`convert/halfpixel/conventions`), which
are held to the libraries themselves. Each heading is one sampling; the calls under it compute the
same weights at every length. A framework that is missing has no name for it: no value of its
options computes that. Lengths stand as `size`, or as the framework writes them.

`halfpixel explain CALL` says the same of any call, with its weights at lengths of your choice.

The step *r* is n_in / n_out throughout.
"""


WINDOW = """
`tf_crop_and_resize` is ONNX's rule for reading a window. Over the whole image it is Core ML's
`ALIGN_CORNERS`, and parts from aligned corners (Core ML's `STRICT_ALIGN_CORNERS`) only at outputs
of length 1: it reads the middle of the image, and they read its first pixel.
"""


class Row(Struct, frozen=True):
    """One sampling, and what it is called.

    Attributes:
        kernel: its kernel.
        coordinate: where it reads.
        names: (framework, call) pairs.
    """

    kernel: str
    coordinate: str
    names: tuple[tuple[str, str], ...]


def page() -> str:
    """Return the page of all samplings that have a name."""
    conventions = load_conventions()
    rows = sorted(_rows(conventions), key=lambda row: (row.kernel, row.coordinate))
    lines = [HEAD, *_summary(rows, [one.name for one in conventions]), WINDOW]
    for place, row in enumerate(rows):
        if not place or rows[place - 1].kernel != row.kernel:
            lines += [f"## {row.kernel}", ""]
        lines += [f"**{row.coordinate}**", "", "| | |", "| --- | --- |"]
        lines += [f"| {name} | `{call}` |" for name, call in row.names]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _summary(rows: Sequence[Row], frameworks: Sequence[str]) -> Iterator[str]:
    """Yield a table of which framework has a name for which sampling."""
    yield f"| kernel | source coordinate | {' | '.join(frameworks)} |"
    yield f"| --- | --- |{' :-: |' * len(frameworks)}"
    for row in rows:
        named = dict(row.names)
        cells = " | ".join("yes" if one in named else "" for one in frameworks)
        place = row.coordinate.removeprefix("output i reads ").partition(", r = ")
        copies = "; an equal length is copied" if "is copied" in place[2] else ""
        yield f"| {row.kernel} | {place[0]}{copies} | {cells} |"


def _rows(conventions: tuple[Convention, ...]) -> Iterator[Row]:
    """Yield each sampling that two frameworks have a name for, once under whatever formula."""
    same: dict[Sampling, list[Sampling]] = {}
    for sampling in _samplings(conventions):
        same.setdefault(canonical(sampling), []).append(sampling)
    seen: set[tuple[tuple[str, str], ...]] = set()
    for form, alike in same.items():
        alike.sort(key=lambda one: one.coordinate != form.coordinate)
        names = tuple(
            (one.name, call)
            for one in conventions
            if (call := next(filter(None, (one.write(s, 2) for s in alike)), None)) is not None
        )
        if len(names) > 1 and names not in seen:
            seen.add(names)
            yield Row(kernel_words(alike[0]), _words(alike[0]), names)


def _samplings(conventions: tuple[Convention, ...]) -> Iterator[Sampling]:
    """Yield the examples of every convention whose step follows from the two lengths."""
    for one in conventions:
        yield from (sampling for _, sampling in one.examples if sampling.scale is None)


def _words(sampling: Sampling) -> str:
    if by_lengths(sampling.kernel):
        return "source coordinates are those of the window"
    formula = FORMULAS[sampling.coordinate]
    of = ", r = n_in / n_out" if " r" in formula and "r =" not in formula else ""
    beyond = "; outside the image a constant" if sampling.extrapolate else ""
    copies = "; an equal length is copied" if sampling.copies_same_length else ""
    return f"output i reads {formula}{of}{beyond}{copies}"
