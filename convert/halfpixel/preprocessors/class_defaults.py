"""What a configuration of transformers says, and where it says nothing what its class does."""

from collections.abc import Mapping
from typing import Final

from halfpixel.errors import ConventionError
from halfpixel.preprocessors.fields import (
    Fields,
    flag,
    is_list,
    is_table,
    items,
    length,
    shown,
    table,
)

SIZES: Final = (
    ("height", "width"),
    ("shortest_edge", "longest_edge"),
    ("shortest_edge",),
    ("longest_edge",),
    ("max_height", "max_width"),
)
NAMES: Final = frozenset(name for names in SIZES for name in names)
WORDS: Final = "; ".join(" and ".join(names) for names in SIZES)


class Said:
    """What a file says, and where it says nothing what its class does.

    Attributes:
        values: what the file says.
        row: what the class does.
        name: the class; empty where the file names none.
        left_out: what was asked for and is not in the file.
    """

    def __init__(self, values: Fields, row: Fields, name: str) -> None:
        """Ask nothing yet."""
        self.values, self.row, self.name = values, row, name
        self.left_out: list[str] = []

    def get(self, key: str) -> object:
        """Return a value; null is as if it were left out."""
        if self.values.get(key) is not None:
            return self.values[key]
        if key in self.row and key != "form":
            self.left_out.append(key)
        return self.row.get(key)

    def flag(self, key: str, *, usual: bool = False) -> bool:
        """Return true or false."""
        found = self.get(key)
        return usual if found is None else flag(key, found)

    def size(self, key: str) -> Mapping[str, int]:
        """Return a size by the names of its lengths; raises ConventionError where there is none."""
        found = self.get(key)
        if found is None:
            raise ConventionError(f"{self._why} says no {key}")
        given: dict[str, int] = {}
        if is_table(found):
            for name, value in table(key, found).items():
                if name not in NAMES:
                    raise ConventionError(f"{key} has {shown(name)}, expected {WORDS}")
                if value is not None:
                    given[name] = length(f"{key}.{name}", value)
        elif is_list(found):
            pair = items(key, found, 2)
            if len(pair) != 2:
                raise ConventionError(f"{key} is {shown(found)}, expected a height and a width")
            given = {"height": length(key, pair[0]), "width": length(key, pair[1])}
        else:
            one = length(key, found)
            square = key != "size" or self.flag("default_to_square", usual=True)
            given = {"height": one, "width": one} if square else {"shortest_edge": one}
        if tuple(sorted(given)) not in {tuple(sorted(names)) for names in SIZES}:
            raise ConventionError(f"{key} has {', '.join(given) or 'nothing'}, expected {WORDS}")
        return given

    @property
    def _why(self) -> str:
        return f"it, as {self.name or 'a class that it does not name'} does,"
