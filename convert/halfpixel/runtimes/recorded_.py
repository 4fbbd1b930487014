"""Arrays that were recorded: inputs and outputs under the model's own names, in an .npz file.

Further sizes stand beside the first as `x_1` and `y_1`, `x_2` and `y_2`, and so on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.errors import ModelFileError, RuntimeRefusal
from halfpixel.format import Port
from halfpixel.runtime import Runtime, Settings, Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

FURTHER: Final = re.compile(r"(?P<name>.+)_(?P<case>\d+)")


@dataclass
class Recorded:
    """Arrays of one or more runs.

    Attributes:
        side: the file.
        cases: the arrays of each run, by the model's own names.
    """

    side: Side
    cases: "list[dict[str, Array]]"
    inputs: Sequence[Port] = ()
    values: Sequence[str] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """The file."""
        return self.side.text

    @property
    def outputs(self) -> Sequence[str]:
        """Names of every array; which of them are outputs, the other side says."""
        return tuple(self.cases[0])

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the arrays of the run that was fed with these inputs, or those wanted."""
        import numpy as np

        for case in self.cases:
            if all(name in case and np.array_equal(case[name], a) for name, a in feeds.items()):
                return {name: case[name] for name in wanted or case if name in case}
        raise RuntimeRefusal(self.name, "holds no run with these inputs")


def read_cases(path: Path) -> "list[dict[str, Array]]":
    """Return the arrays of each run in an .npz file.

    Raises:
        ModelFileError: it cannot be read.
    """
    import zipfile

    import numpy as np

    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays: dict[str, Array] = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ModelFileError(path, f"not an .npz file: {reason or error}".lower()) from error
    first: dict[str, Array] = {}
    more: dict[int, dict[str, Array]] = {}
    for key, array in arrays.items():
        found = FURTHER.fullmatch(key)
        if found is not None and found["name"] in arrays:
            more.setdefault(int(found["case"]), {})[found["name"]] = array
        else:
            first[key] = array
    if not first:
        raise ModelFileError(path, "holds no arrays")
    return [first, *({**first, **more[case]} for case in sorted(more))]


def _takes(side: Side) -> bool:
    return isinstance(side.source, str | Path) and str(side.source).endswith(".npz")


def _start(side: Side, _settings: Settings) -> Recorded:
    return Recorded(side, read_cases(Path(str(side.source))))


RUNTIME: Final = Runtime("recorded", _takes, _start)
