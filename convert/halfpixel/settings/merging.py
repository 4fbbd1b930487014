"""What a file is checked by where configuration says something: it, then the command line."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.checking.result import Suppression
from halfpixel.errors import UsageError
from halfpixel.intents.policy import Policy, parse_policy
from halfpixel.rule import Severity
from halfpixel.settings.file import Layer
from halfpixel.settings.keys import PerFile, Suppress, Table, Texts, texts
from halfpixel.settings.settled import About, Given, Settled, Wanted


class _Merging(Struct):
    """What the files say together, so far."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    policies: list[Policy] = field(default_factory=list[Policy])
    patterns: dict[Wanted, None] = field(default_factory=dict[Wanted, None])
    severity: Severity | None = None
    fail_on: Severity | None = None
    targets: tuple[str, ...] = ()
    shapes: list[str] = field(default_factory=list[str])
    preprocess: str | None = None
    baseline: str | None = None
    in_nodes: bool = True
    ignored: list[tuple[str, tuple[str, ...]]] = field(
        default_factory=list[tuple[str, tuple[str, ...]]]
    )
    suppressions: list[Suppression] = field(default_factory=list[Suppression])

    def table(self, layer: Layer) -> None:
        """Take what a file says of every model."""
        table = layer.table
        self.ignore = self.ignore if table.ignore is None else texts(table.ignore)
        if table.baseline is not None:
            self.baseline = str(Path(layer.folder) / table.baseline)
        self.in_nodes = self.in_nodes if table.in_nodes is None else table.in_nodes
        self.section(layer, table)
        for pattern, node in table.per_node.items():
            self.want(layer, f"per-node.{pattern!r}", pattern)
            if node.ignore:
                self.ignored.append((pattern, texts(node.ignore)))
            self.expect(layer, f"per-node.{pattern!r}", pattern, node.expect)

    def section(self, layer: Layer, said: Table | PerFile) -> None:
        """Take what a file says of every model, or of some."""
        self.select = self.select if said.select is None else texts(said.select)
        self.severity = said.severity or self.severity
        self.fail_on = said.fail_on or self.fail_on
        if said.target is not None:
            self.targets = tuple(_target(layer, name) for name in texts(said.target))
        if said.preprocess is not None:
            call = "(" in said.preprocess
            file = str(Path(layer.folder) / said.preprocess)
            self.preprocess = said.preprocess if call else file
        for pattern, one in said.expect.items():
            self.expect(layer, f"expect.{pattern!r}", pattern, one)

    def expect(self, layer: Layer, key: str, pattern: str, said: Texts) -> None:
        """Take what is meant by the nodes that match a pattern."""
        found = [parse_policy(text, pattern) for text in texts(said)]
        self.policies += found
        for one in found:
            self.want(layer, key, one.pattern)

    def want(self, layer: Layer, key: str, pattern: str) -> None:
        """Take that a node is to match a pattern."""
        if pattern != "*":
            self.patterns[pattern, f"{layer.path}: {key}", layer.folder] = None

    def suppress(self, layer: Layer, known: Suppress) -> None:
        """Take that findings are known."""
        until = "" if known.expires is None else known.expires.isoformat()
        rules, nodes = texts(known.rule), texts(known.node)
        self.suppressions.append(Suppression(rules, known.reason, layer.path, nodes, until))


def merged(
    settled: Settled, given: Given, layers: Sequence[Layer], about: Sequence[About]
) -> Settled:
    """Return what a file is checked by.

    Args:
        settled: what the command line says.
        given: the same, as it is said.
        layers: the configuration files, base first.
        about: of each, what is about the file.

    Raises:
        UsageError: a target that there is not.
    """
    said = _Merging()
    for layer in layers:
        said.table(layer)
    for layer, one in zip(layers, about, strict=True):
        for pattern in one.files:
            section = layer.table.per_file[pattern]
            said.section(layer, section)
            said.more = (*said.more, *texts(section.ignore))
            said.shapes += texts(section.shape or ())
        for place in one.known:
            said.suppress(layer, layer.table.suppress[place])
    check = settled.check
    asked = replace(
        check,
        select=given.select or said.select,
        ignore=(*(given.ignore or said.ignore), *said.more),
        policies=(*said.policies, *check.policies),
        severity=given.severity or said.severity,
        targets=given.targets or said.targets,
        shapes={**_shapes(said.shapes), **given.shapes},
        suppressions=tuple(said.suppressions),
        ignored=tuple(said.ignored),
        in_nodes=given.in_nodes and said.in_nodes,
        preprocess=given.preprocess or said.preprocess,
    )
    return Settled(
        asked,
        given.fail_on or said.fail_on or "warning",
        settled.baseline or said.baseline,
        tuple(layer.path for layer in reversed(layers)),
        tuple(said.patterns),
    )


def _shapes(said: Sequence[str]) -> dict[str, tuple[int, ...]]:
    if not said:
        return {}
    from halfpixel.checking.shapes import parse_shapes

    return parse_shapes(said)


def _target(layer: Layer, name: str) -> str:
    """Return a target by name, or the table of one, relative to the file that names it.

    Raises:
        UsageError: there is no such target.
    """
    from halfpixel.targets.target import load_target

    found = str(Path(layer.folder) / name) if name.endswith((".toml", ".json")) else name
    try:
        load_target(found)
    except UsageError as error:
        reason = str(error).removeprefix("--target ")
        raise UsageError(f"{layer.path}: target: {reason}") from error
    return found
