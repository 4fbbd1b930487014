"""What a configuration file may say, key by key: its page in `docs/` is made of this."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct, field

from halfpixel.rule import Severity

Text = Annotated[str, Meta(max_length=4096)]
Texts = Text | Annotated[tuple[Text, ...], Meta(max_length=4096)]
"""One text, or a list of some."""


def texts(value: Texts) -> tuple[str, ...]:
    """Return a list of texts; one is a list of one.

    >>> texts("a"), texts(("a", "b"))
    (('a',), ('a', 'b'))
    """
    return (value,) if isinstance(value, str) else value


class PerFile(Struct, frozen=True, rename="kebab"):
    """What is otherwise for the files that match the pattern of its table.

    Attributes:
        select: rules to ask, in the place of those above.
        ignore: rules to leave out, besides those above.
        expect: what is meant, by patterns of nodes, after what is expected above.
        severity: the mildest severity that is shown.
        fail-on: the mildest severity that makes the exit code 1.
        target: runtimes that these models are to run on.
        shape: lengths of inputs, `"NAME=1x3x64x64"`, where the files leave them free.
        preprocess: how the images of their training were readied: a file, relative to this one,
            such as `preprocessor_config.json`, or a call.
    """

    select: Texts | None = None
    ignore: Texts = ()
    expect: dict[str, Texts] = field(default_factory=dict[str, Texts])
    severity: Severity | None = None
    fail_on: Severity | None = None
    target: Texts | None = None
    shape: Texts | None = None
    preprocess: Text | None = None


class PerNode(Struct, frozen=True, rename="kebab"):
    """What is otherwise for the nodes that match the pattern of its table, in every file.

    Attributes:
        ignore: rules that are not asked of these nodes.
        expect: what is meant there, as in the table `expect`.
    """

    ignore: Texts = ()
    expect: Texts = ()


class Suppress(Struct, frozen=True, rename="kebab"):
    """Findings that somebody knows of, with the reason.

    What it suppresses is counted, and told by `--output-format json`; one that suppresses nothing
    is told too, and so is one that expired, whose findings are there again.

    Attributes:
        rule: the rule, or some, by name or pattern.
        reason: why the finding may stay.
        file: patterns of the files it is about; every file where it says nothing.
        node: patterns of the nodes it is about; every node where it says nothing.
        expires: the last day on which it holds, as `2027-01-31`.
    """

    rule: Texts
    reason: Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"\S")]
    file: Texts = ()
    node: Texts = "*"
    expires: dt.date | None = None


class Table(Struct, frozen=True, rename="kebab"):
    """What a configuration file may say: `halfpixel.toml`, or `[tool.halfpixel]` of pyproject.toml.

    Attributes:
        extend: a configuration file that this one starts from, relative to it. What is said here
            comes in the place of what is said there; `expect`, `per-file`, `per-node` and
            `suppress` come after it.
        select: rules to ask, by name or pattern; all where it says nothing.
        ignore: rules to leave out.
        severity: the mildest severity that is shown: `error`, `warning` or `note`.
        fail-on: the mildest severity that makes the exit code 1; `warning` where it says nothing.
        expect: what is meant, by patterns of nodes: `"neck.*" = "align_corners=false"`.
        target: runtimes that the models are to run on: names, or tables relative to the file.
        preprocess: how images were readied for training: a file, relative to this one, or a call.
        exclude: files and folders that are passed over when a folder or a pattern is searched, in
            the place of the usual ones.
        extend-exclude: files and folders that are passed over besides.
        force-exclude: what is excluded is passed over where it is named itself, too.
        baseline: the baseline whose findings are known, relative to the file.
        in-nodes: what the metadata of a node suppresses is suppressed; `false` for models of
            others, which could hide what they are.
        per-file: tables of what is otherwise for some files, by their pattern.
        per-node: tables of what is otherwise for some nodes, by their pattern.
        suppress: findings that are known, a table each.
    """

    extend: Text | None = None
    select: Texts | None = None
    ignore: Texts | None = None
    severity: Severity | None = None
    fail_on: Severity | None = None
    expect: dict[str, Texts] = field(default_factory=dict[str, Texts])
    target: Texts | None = None
    preprocess: Text | None = None
    exclude: Texts | None = None
    extend_exclude: Texts = ()
    force_exclude: bool | None = None
    baseline: Text | None = None
    in_nodes: bool | None = None
    per_file: dict[str, PerFile] = field(default_factory=dict[str, PerFile])
    per_node: dict[str, PerNode] = field(default_factory=dict[str, PerNode])
    suppress: tuple[Suppress, ...] = ()
