"""Fix a model in place again and again, killed at a random moment each time.

    python kill_while_fixing.py MODEL ROUNDS

Writes how often the old and how often the new model was found; anything else, or a file that
was left beside it, ends the program with exit code 1.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from halfpixel.checking.check import Settings
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.intents.policy import parse_policy

SETTINGS = FixSettings(Settings(policies=(parse_policy("align_corners=true"),), severity="warning"))


def save_in_place(path: Path) -> None:
    """Fix a model and replace its file."""
    fix(path, settings=SETTINGS).save(path)


def main() -> None:
    """Kill children that fix, and look at what they leave."""
    path, rounds = Path(sys.argv[1]), int(sys.argv[2])
    old = path.read_bytes()
    save_in_place(path)
    new = path.read_bytes()
    path.write_bytes(old)
    start = time.perf_counter()
    save_in_place(path)  # everything is imported by now, as it is in the children
    whole = time.perf_counter() - start
    chance = random.Random(0)  # noqa: S311 - moments, not secrets
    found = {"old": 0, "new": 0}
    for _ in range(rounds):
        path.write_bytes(old)
        child = os.fork()
        if not child:
            save_in_place(path)
            os._exit(0)
        time.sleep(chance.random() * whole * 4)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        data = path.read_bytes()
        if data not in {old, new}:
            sys.exit(f"{path} is neither the old nor the new model")
        found["old" if data == old else "new"] += 1
        for other in path.parent.iterdir():
            if other != path:  # killed between its name and the replacement: whole all the same
                if other.read_bytes() != new:
                    sys.exit(f"{other} is half a file")
                other.unlink()
    sys.stdout.write(f"old {found['old']} new {found['new']}\n")


if __name__ == "__main__":
    main()
