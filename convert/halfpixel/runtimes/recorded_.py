"""Arrays that were recorded: inputs and outputs under the model's own names, in an .npz file.

Further sizes stand beside the first as `x_1` and `y_1`, `x_2` and `y_2`, and so on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.errors import ModelFileError, RuntimeRefusal, UsageError
from halfpixel.format import Port
from halfpixel.runtime import RunSettings, Runtime, Side

if TYPE_CHECKING:
    from halfpixel.arrays import Array


FURTHER: Final = re.compile(r"(?P<name>.+)_(?P<case>\d+)")


@dataclass
class Recorded:
    """Arrays of one or more runs.

    Attributes:
        side: the file.
        arrays: everything that it holds.
        cases: the arrays of each run, by the model's own names.
    """

    side: Side
    arrays: "dict[str, Array]"
    cases: "list[dict[str, Array]]" = field(init=False)
    inputs: Sequence[Port] = ()
    values: Sequence[str] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        """Split the arrays into runs by their names alone."""
        self.cases = split_cases(self.arrays, ())

    @property
    def name(self) -> str:
        """The file."""
        return self.side.text

    @property
    def outputs(self) -> Sequence[str]:
        """Names of every array; which of them are outputs, the other side says."""
        return tuple(self.cases[0])

    def taken(self, ports: Sequence[Port], outputs: Sequence[str]) -> list[str]:
        """Return the names here of what a model takes, in its order, and have them as inputs.

        They are the model's own names; where it has none of the names here, and as many inputs and
        outputs as there are arrays, the first arrays are its inputs.
        """
        names, here = [port.name for port in ports], list(self.cases[0])
        foreign = not {*names, *outputs} & set(here)
        if foreign and names and len(here) == len(names) + len(outputs):
            names = here[: len(names)]
            self.inputs = tuple(
                replace(port, name=name, shape=self.cases[0][name].shape)
                for port, name in zip(ports, names, strict=True)
            )
        return names

    def split(self, inputs: Sequence[str], outputs: Sequence[str]) -> "list[dict[str, Array]]":
        """Return the runs, told the names of the model's own values: `out_1` may be one."""
        self.cases = split_cases(self.arrays, (*inputs, *outputs))
        if outputs and not any(name in self.cases[0] for name in outputs):
            spare = [name for name in self.cases[0] if name not in inputs]
            if not spare:
                raise UsageError(f"{self.name}: holds no output {outputs[0]!r}")
        for number, case in enumerate(self.cases[1:], 1):
            own = [name for name in case if f"{name}_{number}" in self.arrays]
            kinds = {name in inputs for name in own}
            if inputs and len(kinds) < 2:
                reason = "inputs alone" if kinds == {True} else "outputs alone"
                raise UsageError(f"{self.name}: run {number} holds {reason}")
        return self.cases

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the arrays of the run that was fed with these inputs, or those wanted."""
        for case in self.cases:
            if all(name in case and _same(case[name], array) for name, array in feeds.items()):
                return {name: case[name] for name in wanted or case if name in case}
        raise RuntimeRefusal(self.name, "holds no run with these inputs")


def _same(one: "Array", other: "Array") -> bool:
    import numpy as np

    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f" == other.dtype.kind)


def read_arrays(path: Path) -> "dict[str, Array]":
    """Return the arrays in an .npz file.

    Raises:
        ModelFileError: it cannot be read, or holds none.
    """
    import zipfile

    import numpy as np

    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays: dict[str, Array] = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.strerror:
            raise ModelFileError(path, error.strerror.lower()) from error
        raise ModelFileError(path, f"not an .npz file: {error}".lower()) from error
    if not arrays:
        raise ModelFileError(path, "holds no arrays")
    return arrays


def split_cases(arrays: "Mapping[str, Array]", known: Sequence[str]) -> "list[dict[str, Array]]":
    """Return the arrays of each run.

    Args:
        arrays: everything that a file holds.
        known: names that the model itself has: `out_1` among them is no second `out`.
    """
    first: dict[str, Array] = {}
    more: dict[int, dict[str, Array]] = {}
    for key, array in arrays.items():
        found = FURTHER.fullmatch(key)
        if found is not None and found["name"] in arrays and key not in known:
            more.setdefault(int(found["case"]), {})[found["name"]] = array
        else:
            first[key] = array
    return [first, *({**first, **more[case]} for case in sorted(more))]


def _start(side: Side, _settings: RunSettings) -> Recorded:
    return Recorded(side, read_arrays(Path(str(side.source))))


RUNTIME: Final = Runtime("recorded", _start, (".npz",))
