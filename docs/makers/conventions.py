"""The page of conventions: each sampling that a framework has a name for, in the words of all."""

from collections.abc import Iterator

from halfpixel.checking.sampling_words import FORMULAS, kernel_words
from halfpixel.convention import Convention, load_conventions
from halfpixel.sampling import Area, Sampling, Table

HEAD = """# Conventions

Made by `docs/build.py` from the program's own dictionaries (`convert/halfpixel/conventions`), which
are held to the libraries themselves. Each heading is one sampling; the calls under it compute the
same weights at every length. A framework that is missing has no name for it: no value of its
options computes that. Lengths stand as `size`, or as the framework writes them.

`halfpixel explain CALL` says the same of any call, with its weights at lengths of your choice.
"""


def page() -> str:
    """Return the page of all samplings that have a name."""
    lines = [HEAD]
    for title, rows in sorted(_tables().items()):
        lines += [f"## {title}", ""]
        for words, names in rows:
            lines += [f"**{words}**", "", "| | |", "| --- | --- |"]
            lines += [f"| {name} | `{call}` |" for name, call in names]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _tables() -> dict[str, list[tuple[str, list[tuple[str, str]]]]]:
    conventions = load_conventions()
    tables: dict[str, list[tuple[str, list[tuple[str, str]]]]] = {}
    seen: set[tuple[tuple[str, str], ...]] = set()
    for sampling in _samplings(conventions):
        names = [
            (one.name, call) for one in conventions if (call := one.write(sampling, 2)) is not None
        ]
        if len(names) < 2 or tuple(names) in seen:
            continue
        seen.add(tuple(names))
        tables.setdefault(kernel_words(sampling), []).append((_words(sampling), names))
    return {kernel: sorted(rows) for kernel, rows in tables.items()}


def _samplings(conventions: tuple[Convention, ...]) -> Iterator[Sampling]:
    """Yield the examples of every convention whose step follows from the two lengths."""
    for one in conventions:
        yield from (sampling for _, sampling in one.examples if sampling.scale is None)


def _words(sampling: Sampling) -> str:
    if isinstance(sampling.kernel, Area | Table):
        return "source coordinates are those of the window"
    formula = FORMULAS[sampling.coordinate]
    of = ", r = n_in / n_out" if " r" in formula and "r =" not in formula else ""
    beyond = "; outside the image a constant" if sampling.extrapolate else ""
    copies = "; an equal length is copied" if sampling.copies_same_length else ""
    return f"output i reads {formula}{of}{beyond}{copies}"
