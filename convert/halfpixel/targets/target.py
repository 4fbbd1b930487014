"""What a target is: a runtime that a model is to run on, and what it makes of each operator.

A target is one file of `targets/`, by its name, or any other by its path:

- `NAME.toml`: rows that a person wrote, each with its source (`row.py`), the first that holds
  counting; or a Core ML system (`coreml_system.py`);
- `NAME.json`: a table that `halfpixel conformance` measured (`table.py`), after the rows.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conditions.facts import facts_of
from halfpixel.conditions.rows import one_of
from halfpixel.conditions.table import table_of
from halfpixel.dialect import LITERT, ONNX
from halfpixel.errors import UsageError, did_you_mean
from halfpixel.sampling.nearest import ARITHMETICS, RUN, Arithmetic
from halfpixel.site import Operation
from halfpixel.targets.coreml_system import SOURCES, System, system_of
from halfpixel.targets.row import How, Row, Verdict, parse_rows
from halfpixel.targets.steps import behind, slight
from halfpixel.targets.table import Table, parse_table
from halfpixel.targets.verdict import TargetVerdict

FOLDER: Final = Path(__file__).parent
SUFFIXES: Final = (".toml", ".json")
KEYS: Final = frozenset(
    {"runtime", "provider", "summary", "how", "sources", "row", "like", "refused", "left_to"}
    | {"dialect", "specification", "arithmetic"}
)


class Target(Struct, frozen=True):
    """One target.

    Attributes:
        name: the name or path that it was asked for by.
        runtime: the runtime and its version.
        provider: the execution provider, empty where there is none.
        summary: what it is, in a phrase.
        rows: what was written of it.
        table: what was measured of it.
        system: the Core ML system that it is.
        arithmetic: whose float32 steps it takes to a pixel of a nearest resize; None where that
            is not known.
        left_to: the name of the target that runs what this one leaves.
        after: that target.
        files: the files that all of this was read from.
    """

    name: str
    runtime: str
    provider: str
    summary: str = ""
    rows: tuple[Row, ...] = ()
    table: Table | None = None
    system: System | None = None
    arithmetic: Arithmetic | None = None
    left_to: str = ""
    after: "Target | None" = None
    files: tuple[Path, ...] = ()

    def says(self, operation: Operation) -> TargetVerdict | None:
        """Return what becomes of an operation; None where that is not known."""
        said = self._says(operation)
        if self.arithmetic is not None and (said is None or said.verdict == "native"):
            return self._ties(operation, self.arithmetic) or said
        if said is None or said.verdict != "fallback" or not self.left_to or self.after is None:
            return said
        after = self.after.says(operation)
        if after is None or after.verdict in {"native", "fallback"}:
            return said
        reason = f"{said.reason}; {self.left_to}, which it is left to, "
        if after.verdict == "refused":
            return replace(said, verdict="refused", reason=f"{reason}refuses it: {after.reason}")
        reason += f"computes it differently: {after.reason}"
        return replace(said, verdict="different", reason=reason, worst=after.worst)

    def verdict(self, operation: Operation) -> TargetVerdict | None:
        """Return what is wrong with an operation; None where it is native or not known."""
        said = self.says(operation)
        return None if said is None or said.verdict == "native" else said

    def row_of(self, operation: Operation) -> Row | None:
        """Return the row that holds of an operation; None where none does, or none is asked."""
        if operation.hidden or operation.dialect not in {ONNX, LITERT}:
            return None
        facts = facts_of(operation)
        return next((row for row in self.rows if row.conditions.hold(facts)), None)

    def _ties(self, operation: Operation, arithmetic: Arithmetic) -> TargetVerdict | None:
        """Return where its float32 reads other pixels; None where it does not."""
        if operation.dialect != ONNX or operation.hidden:
            return None
        from halfpixel.targets.ties import tie

        found = tie(operation, arithmetic)
        if not found:
            return None
        how: How = "measured" if arithmetic in RUN or self.table else "source"
        source = f"{self.runtime}, the steps of its kernel repeated"
        return TargetVerdict("different", f"float32 rounds: {found}", how=how, source=source)

    def _says(self, operation: Operation) -> TargetVerdict | None:
        if operation.hidden:  # it stands in other operators, of which nothing is known here
            return None
        if self.system is not None:
            return _of_system(self.system, operation)
        if operation.dialect not in {ONNX, LITERT}:
            return None
        row = self.row_of(operation)
        if row is not None:
            return _of_row(row, operation)
        if (
            operation.dialect != ONNX
            or self.table is None
            or (seen := self.table.seen(operation)) is None
        ):
            return None
        return TargetVerdict(seen.verdict, seen.reason, seen.worst, source=f"{self.runtime}, run")


def _of_row(row: Row, operation: Operation) -> TargetVerdict:
    """Return what a row says of an operation, by how much where that can be decided."""
    said = TargetVerdict(
        row.verdict, row.reason, row.worst, row.how, row.source, row.reports, row.instead
    )  # fmt: skip
    compared = row.compared(operation)
    if compared is None:
        return said
    outside = behind(operation.operator, *operation.lengths, row.step_bits) if row.step_bits else ""
    if outside:
        said = replace(said, reason=f"{outside}; {row.reason}")
    if not compared.equal and not compared.different:
        return said
    if compared.negligible or (row.step_bits and slight(compared)):
        return said if outside else replace(said, verdict="native", reason="", instead="")
    worst = compared.worst.verdict
    apart = f"{float(worst.displacement):.3g} input px"
    if not worst.displacement:
        apart = f"{float(worst.weight_difference):.3g} in the weights"
    n_in, n_out = worst.witness or (0, 0)
    reason = f"{said.reason}: up to {apart} off at length {n_in} to {n_out}"
    return replace(said, reason=reason, worst=None)


def _of_system(system: System, operation: Operation) -> TargetVerdict | None:
    reason = system.refuses(operation)
    if reason is None:
        return None
    source = SOURCES[system.dialect.name]
    whole = bool(system.refuses_model(operation))
    verdict: Verdict = "refused" if reason else "native"
    return TargetVerdict(verdict, reason, how="source", source=source, whole=whole)


def names() -> list[str]:
    """Return the targets that come with halfpixel.

    >>> {"onnxruntime-cpu", "onnxruntime-cuda", "tensorrt", "coreml-ios17"} <= set(names())
    True
    """
    return sorted({path.stem for path in FOLDER.iterdir() if path.suffix in SUFFIXES})


def load_target(name: str) -> Target:
    """Return a target by its name, or by the path of its file; a file that changed is read again.

    Raises:
        UsageError: there is no such target, or its file is none.
    """
    stamps, target = _READ.get(name, ((), None))
    if target is None or stamps != _stamps(target.files):
        target = _load(name, ())
        _READ[name] = _stamps(target.files), target
    return target


Stamp = tuple[Path, int, int, int]
_READ: Final[dict[str, tuple[tuple[Stamp, ...], Target]]] = {}
"""Targets by name, with what their files were: each site of a model asks for its target."""


def _stamps(files: tuple[Path, ...]) -> tuple[Stamp, ...]:
    """Return what tells a file from what it was before; nothing where one is gone."""
    try:
        told = [(path, path.stat()) for path in files]
    except OSError:
        return ()
    return tuple((path, one.st_ino, one.st_mtime_ns, one.st_size) for path, one in told)


def _load(name: str, chain: tuple[Path, ...]) -> Target:
    """Return a target that the files of a chain lead to; a name that leads back is refused."""
    given = Path(name)
    paths = [given] if given.suffix in SUFFIXES else [FOLDER / f"{name}{s}" for s in SUFFIXES]
    found = [path for path in paths if path.is_file()]
    if not found:
        known = ", ".join(names())
        hint = "or a table that 'halfpixel conformance --output-format json -o FILE.json' wrote"
        near = did_you_mean(name, names())
        raise UsageError(f"--target {name!r}: expected one of {known}, {hint}{near}")
    if found[0].resolve() in chain:
        raise UsageError(f"--target {name!r}: leads back to itself")
    target = Target(name, "", "")
    for path in reversed(found):
        if path.suffix == ".json":
            target = _with_table(target, path)
        else:
            target = _written(target, path, (*chain, path.resolve()))
    return replace(target, files=(*found, *target.files))


def _with_table(target: Target, path: Path) -> Target:
    import json

    told = f"--target {target.name!r}: not a conformance table"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{told}: {error}") from error
    try:
        table = parse_table(cast("Mapping[str, object]", body))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UsageError(told) from error
    return replace(target, runtime=table.runtime, provider=table.provider, table=table)


def _written(target: Target, path: Path, chain: tuple[Path, ...]) -> Target:
    try:
        return _of_file(target, table_of(path), chain)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"--target {target.name!r}: {path.name}: {error}") from error


def _other(key: str, body: Mapping[str, object], chain: tuple[Path, ...]) -> Target | None:
    """Return the target that a key names; raises ValueError where there is none."""
    if key not in body:
        return None
    name = str(body[key])
    try:
        return _load(name, chain)
    except UsageError as error:
        reason = str(error).removeprefix(f"--target {name!r}: ")
        raise ValueError(f"{key} is {name!r}: {reason}") from error


def _of_file(target: Target, body: Mapping[str, object], chain: tuple[Path, ...]) -> Target:
    """Return a target of what its file says; raises ValueError where that is wrong."""
    unknown = sorted(body.keys() - KEYS)
    if unknown:
        raise ValueError(f"{unknown[0]} is no key, expected one of {', '.join(sorted(KEYS))}")
    like, after = _other("like", body, chain), _other("left_to", body, chain)
    base = like or target
    rows, table = (*parse_rows(body), *base.rows), base.table or target.table
    instead_of_refusing = body.get("refused")
    if instead_of_refusing is not None:
        if instead_of_refusing != "fallback":
            raise ValueError(f"refused is {instead_of_refusing!r}, expected fallback")
        rows = tuple(_left(row) for row in rows)
    arithmetic = base.arithmetic
    if "arithmetic" in body:
        arithmetic = one_of("arithmetic", body["arithmetic"], ARITHMETICS)
    system = None
    if "dialect" in body:
        system = system_of(str(body["dialect"]), body.get("specification"))
    if not rows and table is None and system is None:
        raise ValueError("has no row: write one under [[row]]")
    runtime = str(body.get("runtime", base.runtime))
    if not runtime:
        raise ValueError("names no runtime")
    return Target(
        target.name,
        runtime,
        str(body.get("provider", base.provider)),
        str(body.get("summary", base.summary)),
        rows,
        table,
        system,
        arithmetic,
        str(body.get("left_to", base.left_to)),
        after or base.after,
        tuple(path for one in (like, after) if one is not None for path in one.files),
    )


def _left(row: Row) -> Row:
    """Return a row of a provider of onnxruntime: what it refuses is left to another."""
    return replace(row, verdict="fallback") if row.verdict == "refused" else row
