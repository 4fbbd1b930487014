"""The pages of conventions: every call of every library, and what it is in every other one."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from halfpixel.convention import Convention, load_conventions
from makers.nearby import CASES, FAMILIES, Section, section_of, sections
from makers.recipes import RECIPES, shown

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER: Final = "conventions"

HEAD: Final = """# Conventions

Made by `docs/build.py` from the program's own dictionaries (`convert/halfpixel/conventions`) and
its exact weights. What one library calls a resize, another calls otherwise, or cannot compute:

- **I have a call:** find its library [below](#calls); the link beside the call leads to what
  computes the same weights in every other library, or comes nearest, and by how much it is off
  where images are enlarged and where they shrink.
- **I want the same elsewhere:** the [recipes](#recipes) are the equalities that are asked for most.
- **I have two calls, or lengths of my own:** `halfpixel compare CALL CALL --size 640x480:224x224`
  proves them equal or shows where they part, and `halfpixel explain CALL` says one in all words.

The step *r* is n_in / n_out throughout. What a library does beside its weights (bytes that are
rounded, fixed point, a size that is written the other way round) is told by `explain`, and no part
of these tables.
"""

CALLS: Final = """
## Calls

*run*: its calls were held to that release, weight by weight, over many lengths. *read*: its source
was read, and not run.
"""

SAMPLINGS: Final = """
## Samplings

Each line is one sampling, whatever it is called, with the libraries that have a name for it.

| kernel | output i reads | in the words of |
| --- | --- | --- |"""

WINDOW: Final = """
`tf_crop_and_resize` is ONNX's rule for reading a window. Over the whole image it is Core ML's
`ALIGN_CORNERS`, and parts from aligned corners (Core ML's `STRICT_ALIGN_CORNERS`) only at outputs
of length 1: it reads the middle of the image, and they read its first pixel.
"""

RECIPE: Final = """
## Recipes

What is equal where it is said to be, for images of floats: each was compared by the exact weights
at every such pair of lengths up to 6 and at usual ones, and run on both libraries where these are
installed.

| instead of | write | where | beside the weights |
| --- | --- | --- | --- |"""

FAMILY: Final = """# {title}

Made by `docs/build.py`; see [Conventions](../conventions.md) for the libraries and their calls.

Under each sampling stand the calls that compute it at every length. Of a library that has none, the
second table has the call that comes nearest where the image is enlarged, that where it shrinks, and
what is the same at a whole factor: `=` is the same weights, `0.25 px` is how far source coordinates
are apart at most, in input pixels, and `w 0.5` the largest difference of two weights. Lengths stand
as `size`, or as the library writes them; where there is no number, the call gives no such lengths.
The step *r* is n_in / n_out.
"""


def pages() -> "dict[str, Callable[[], str]]":
    """Return every page by its name."""
    families = {f"{FOLDER}/{family}.md": partial(_family, family) for family in FAMILIES}
    return {"conventions.md": page, **families}


def page() -> str:
    """Return the page that leads to the others."""
    lines = [HEAD, *_recipes(), CALLS, *_libraries(), "", *_calls(), SAMPLINGS]
    for one in sections():
        names = ", ".join(convention.name for convention, _ in one.names)
        lines.append(f"| [{one.kernel}]({one.anchor}) | {one.coordinate} | {names} |")
    return "\n".join([*lines, WINDOW]).rstrip() + "\n"


def _recipes() -> Iterator[str]:
    yield RECIPE.lstrip()
    for one in RECIPES:
        a, b = (f"`{shown(text)}`" for text in (one.a, one.b))
        yield f"| {a} | {b} | {one.words} | {one.beside} |"
    yield ""


def _libraries() -> Iterator[str]:
    yield "| library | how it is known | source |"
    yield "| --- | --- | --- |"
    for one in load_conventions():
        yield f"| [{one.name}](#{_mark(one)}) | {_known(one)} | {one.source} |"


def _mark(convention: Convention) -> str:
    """Return what the calls of a library stand under."""
    letters = "".join(c if c.isalnum() else " " for c in convention.name.lower())
    return "calls-" + "-".join(letters.split())


def _known(convention: Convention) -> str:
    return f"run, {convention.ran}" if convention.ran else "read"


def _calls() -> Iterator[str]:
    """Yield the calls of every library, each with where its sampling stands."""
    for one in load_conventions():
        yield f'<a id="{_mark(one)}"></a>'
        yield ""
        yield f"### {one.name}"
        yield ""
        yield "| call | is |"
        yield "| --- | --- |"
        for text, sampling in dict(one.examples).items():
            section = section_of(sampling)
            if section is not None:
                yield f"| `{text}` | [{section.title}]({section.anchor}) |"
        yield ""


def _family(family: str) -> str:
    """Return the page of the samplings with kernels of one kind."""
    lines = [FAMILY.format(title=FAMILIES[family])]
    for one in sections():
        if one.family == family:
            lines += _section(one)
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f'<a id="{section.mark}"></a>'
    yield ""
    yield f"## {section.title}"
    yield ""
    yield "| the same at every length | |"
    yield "| --- | --- |"
    yield from (f"| {one.name} | `{call}` |" for one, call in section.names)
    yield ""
    if section.near:
        yield f"| nearest | | {' | '.join(CASES)} |"
        yield f"| --- | --- |{' --- |' * len(CASES)}"
    for row in section.near:
        gaps = " | ".join("" if one is None else one.text for one in row.gaps)
        yield f"| {row.library.name} | `{row.call}` | {gaps} |"
    if section.near:
        yield ""
