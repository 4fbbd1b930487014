"""Run the rows of the exporters' tables: export by each release, hold what came out to the rows.

    python benchmarks/exporting/rows.py [--only NAME] [--environments FOLDER] [--keep FOLDER]

Each release of `environments.toml` gets an environment of its own, with pinned packages,
and exports its calls there; of each node that it writes the rows of `intents/exporters/` are asked,
as a check asks them, and what they say was meant is computed: it has to be what the framework
itself computed. The table says which rows were run, with which releases, and which were not and
why. With --environments what was installed is kept for the next time (some 25 GB for all), else
each is removed once it has exported; --only takes an exporter, or an exporter and a release.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from environment import Run, UnavailableError, export, runs
from judge import Judge, tallies

if TYPE_CHECKING:
    from judge import Key, Tally

from halfpixel.intents.exporter_file import FOLDER, load_exporter, names


def main() -> None:
    """Print the table; exit with 1 where a row does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--environments", type=Path)
    parser.add_argument("--keep", type=Path, help="where the exported models are left")
    asked = parser.parse_args()
    counts, why = tallies(), dict[str, str]()
    with tempfile.TemporaryDirectory() as folder:
        out = asked.keep or Path(folder) / "models"
        environments = asked.environments or Path(folder) / "environments"
        chosen = [run for run in runs() if run.name.startswith(asked.only.replace("==", "-"))]
        for place, run in enumerate(chosen):
            told = one_run(run, environments, out / run.name, counts)
            print(f"{run.exporter} {run.release}: {told[0]}", flush=True)
            if told[1]:
                why[f"{run.exporter} {run.release}"] = told[0]
            later = {one.environment.name for one in chosen[place + 1 :]}
            if asked.environments is None and run.environment.name not in later:
                shutil.rmtree(environments / run.environment.name, ignore_errors=True)
    print()
    sys.exit(0 if table(counts, {run.exporter for run in chosen}, why) else 1)


def one_run(run: Run, environments: Path, out: Path, counts: dict[Key, Tally]) -> tuple[str, bool]:
    """Return what became of a run, in words, and whether it could not be had."""
    try:
        if not (out / "cases.json").exists():
            export(run, environments, out)
    except UnavailableError as error:
        return f"not run: {error}", True
    body = json.loads((out / "cases.json").read_text(encoding="utf-8"))
    release = f"{run.exporter} {run.release}"
    apart: dict[str, int] = {}
    judge = Judge(release, counts)
    for case in body["cases"]:
        if why := judge.hear(out, case):
            apart[why] = apart.get(why, 0) + 1
    told = [f"{len(body['cases'])} models"]
    told += [f"{count} with {why}" for why, count in sorted(apart.items())]
    refused = sum(body["refused"].values())
    if refused:
        kinds = sorted({why.partition(" opset")[0].partition(":")[0] for why in body["refused"]})
        told.append(f"{refused} calls refused ({', '.join(kinds)})")
    return ", ".join(told), False


def table(counts: dict[Key, Tally], exporters: set[str], why: dict[str, str]) -> bool:
    """Print a line a row; return whether none is broken."""
    run = held = broken = 0
    for name in names():
        exporter = load_exporter(FOLDER / f"{name}.toml")
        for place, row in enumerate(exporter.rows):
            tally = counts.get((name, place))
            said = f"{exporter.title}, row {place + 1} ({row.how})"
            run += 1
            if tally is None:
                told = "not run: " + ("no export met it" if name in exporters else "not exported")
            elif tally.broken:
                broken += 1
                told = f"does not hold in {len(tally.broken)} cases: {tally.broken[0]}"
            else:
                held += 1
                told = f"holds in {', '.join(releases(tally.held, name))}"
                if row.cannot_be_known:
                    told += f" (written as meant {tally.right} times, otherwise {tally.other})"
            print(f"{said}: {told}")
    print(f"\n{run} rows: {held} hold, {broken} do not, {run - held - broken} were not run")
    for name, told in why.items():
        print(f"{name}: {told}")
    return not broken


def releases(found: set[str], exporter: str) -> list[str]:
    """Return releases in order, without the name of the exporter whose table it is."""
    numbers = {one: [int(part) for part in re.findall(r"\d+", one)] for one in found}
    ordered = sorted(found, key=lambda one: (not one.startswith(exporter), numbers[one]))
    return [one.removeprefix(f"{exporter} ") for one in ordered]


if __name__ == "__main__":
    main()
