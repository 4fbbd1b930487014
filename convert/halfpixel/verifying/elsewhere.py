"""The sides of a comparison that are elsewhere: a runtime reads files of this disk."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from halfpixel.address import Address, Location, location
from halfpixel.boundary import boundary
from halfpixel.checking.check import opened
from halfpixel.runtime import Side, parse_side

OTHERS = (".npz", ".pt2", ".pt", ".pth", ".ts", ".torchscript")
"""How files end that are sides, and no models whose structure is read."""


@contextmanager
def sides_here(*sources: object) -> Generator[tuple[Side, ...]]:
    """Yield the sides that are meant; what is elsewhere is fetched whole, until the block ends.

    Args:
        sources: sides, their texts, or models in memory.

    Raises:
        ModelFileError: a file cannot be fetched, or is too large to be.
        UsageError: a text is no side.
    """
    fetched: dict[Address, Path] = {}
    with ExitStack() as stack:
        sides: list[Side] = []
        for source in sources:
            side = _side(source)
            where = _where(side.source)
            if isinstance(where, Address):
                if where not in fetched:
                    fetched[where] = _fetched(where, stack)
                label = side.label or str(where)
                side = Side(str(fetched[where]), side.where, side.options, label)
            sides.append(side)
        yield tuple(sides)


def _side(source: object) -> Side:
    if isinstance(source, Side):
        return source
    return parse_side(source) if isinstance(source, str) else Side(source)


def _where(source: object) -> Location | None:
    if isinstance(source, str):
        return location(source)
    return source if isinstance(source, Address) else None


def _fetched(address: Address, stack: ExitStack) -> Path:
    from halfpixel.storage.fetching import model_on_disk

    with boundary(str(address)):
        data = () if address.name.endswith(OTHERS) else opened(address).data_files
        return stack.enter_context(model_on_disk(address, data))
