"""Give mutated inputs to the commands for a given time.

    python -m fuzzing --minutes 20 --jobs 2

Prints how many inputs of each target were tried, and each failure once: any exception, an output
that speaks to a terminal, a file changed or left half-written, a hang, time or memory beyond what
a file of that size may take. Failing inputs are made smaller and kept in --failures, with the
command that fails. Exit code 0 says that nothing failed, 1 that something did.

An input is made again from its target, the seed and its number: --target check --only 1234.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from fuzzing.parent import Asked, Parent
from fuzzing.targets import TARGETS
from fuzzing.trial import tried
from fuzzing.worker import keep


def main() -> int:
    """Read the arguments, run, and return the exit code."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(
        "python -m fuzzing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="how long  [default: 5]")
    parser.add_argument("--inputs", type=int, help="of each target, at most so many")
    parser.add_argument(
        "--target", action="append", choices=names, help="several times  [default: all]"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all inputs  [default: 0]")
    parser.add_argument("--jobs", type=int, default=2, help="processes  [default: 2]")
    parser.add_argument(
        "--failures", type=Path, help="where failing inputs are kept  [default: a new folder]"
    )
    parser.add_argument(
        "--only", type=int, metavar="NUMBER", help="try one input of --target, and say what it does"
    )
    asked = parser.parse_args()
    failures = asked.failures or Path(tempfile.mkdtemp(prefix="halfpixel-fuzzing-"))
    if asked.only is not None:
        if len(asked.target or ()) != 1:
            parser.error("--only is for one --target")
        return only(asked.target[0], asked.seed, asked.only, failures)
    told = Asked(
        asked.minutes,
        asked.inputs,
        asked.target or names,
        asked.seed,
        asked.jobs,
        failures.absolute(),
    )
    return Parent(told).run()


def only(name: str, seed: int, number: int, failures: Path) -> int:
    """Try one input, keep it, and print what is known of it."""
    target = next(one for one in TARGETS if one.name == name)
    case = target.case(seed, number)
    with tempfile.TemporaryDirectory() as room:
        trial = tried(target, case, Path(room))
    kept = keep(case, failures / f"{name}-{number}", trial.text)
    print(f"{kept}: {trial.cost.seconds:.2f} s, {trial.cost.memory / 1e6:.0f} MB")
    print(trial.text or ("read" if trial.read else "refused"))
    return 1 if trial.kind else 0


if __name__ == "__main__":
    sys.exit(main())
