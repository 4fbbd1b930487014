"""One case tried, within bounds; and what tells one kind of failure from another."""

import shutil
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzing.case import Case
from fuzzing.command import Failure
from fuzzing.limits import Cost, TimeSpent, bound, measured, pace
from fuzzing.targets import Target, run_in

OURS: Final = ("halfpixel", "halfpixel_rules")
INNERMOST: Final = 3
"""Functions of the product, from where an error came upwards, that tell two failures apart."""

OUTERMOST: Final = 5
"""Functions below the command line that tell two slow inputs apart: further in, chance decides."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one case led to.

    Attributes:
        kind: what tells this failure from others; empty where nothing is wrong.
        text: all that is known of it.
        read: the case was read, rather than refused.
        cost: what it took.
    """

    kind: str
    text: str
    read: bool
    cost: Cost


def tried(target: Target, case: Case, room: Path) -> Trial:
    """Run a case in a new folder below `room`; what takes too long is measured again.

    The first of its kind may load a library, and another process may slow this one down: the
    second time its bound is longer by as much as the machine is slower than it was at best.
    """
    trial = _once(target, case, room)
    if trial.kind.startswith(("slow", "large")):
        before = pace()
        again = _once(target, case, room, max(1.0, (before + pace()) / 2))
        return again if not again.kind or again.kind.startswith(("slow", "large")) else trial
    return trial


def _once(target: Target, case: Case, room: Path, slower: float = 1.0) -> Trial:
    folder = Path(tempfile.mkdtemp(dir=room))
    read, kind, text, cost = False, "", "", Cost()
    try:
        with measured() as cost:
            read = run_in(target, case, folder)
    except Failure as failure:
        kind = text = str(failure)
    except TimeSpent as error:
        kind, text = f"hang: {_place(error, outer=True)}", traceback.format_exc(limit=40)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
        kind = f"{type(error).__name__}: {_place(error, outer=isinstance(error, RecursionError))}"
        text = traceback.format_exc(limit=-40)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    most_seconds = slower * bound(case.size, target.seconds)
    most_memory = bound(case.size, target.memory)
    if not kind and cost.seconds > most_seconds:
        kind = f"slow: {target.name}"
        text = f"{case.size} bytes took {cost.seconds:.1f} s, expected at most {most_seconds:.1f}"
    if not kind and cost.memory > most_memory:
        kind = f"large: {target.name}"
        text = f"{case.size} bytes took {cost.memory / 1e6:.0f} MB, at most {most_memory / 1e6:.0f}"
    return Trial(kind, text, read, cost)


def _place(error: BaseException, *, outer: bool) -> str:
    """Return the functions of the product that an error went through, innermost first."""
    found: list[str] = []
    for frame, _ in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in OURS:
            file = module.partition(".")[2] or module
            found.append(f"{file}:{frame.f_code.co_name}")
    below = [place for place in found if not place.startswith("cli.")]
    kept = below[:OUTERMOST] if outer else found[-INNERMOST:]
    return " < ".join(reversed(kept)) or "outside of the product"
