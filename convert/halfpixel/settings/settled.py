"""What the command line says of a check, and what is settled for a file."""

from collections.abc import Mapping

from msgspec import Struct, field

from halfpixel.checking.check import Settings
from halfpixel.rule import Severity
from halfpixel.work import MOST


class Given(Struct, frozen=True):
    """What the command line says; what it leaves open is None or empty.

    Attributes:
        select: rules to ask.
        ignore: rules to leave out.
        expect: what is meant, `[NODE:]KEY=VALUE`.
        severity: the mildest severity that is shown.
        targets: runtimes that the models are to run on.
        max_work: steps of exact work that a file may take.
        shapes: lengths of inputs, by name.
        config: the configuration file, in the place of those that would be found.
        exclude: patterns of files that are passed over besides.
        force_exclude: these are passed over where they are named themselves, too.
        fail_on: the mildest severity that makes the exit code 1.
        baseline: the file of findings that are known.
        in_nodes: what nodes suppress is suppressed.
        preprocess: the file, or the call, that says how images were readied for training.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    severity: Severity | None = None
    targets: tuple[str, ...] = ()
    max_work: int = MOST
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])
    config: str | None = None
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    fail_on: Severity | None = None
    baseline: str | None = None
    in_nodes: bool = True
    preprocess: str | None = None


Wanted = tuple[str, str, str]
"""A pattern of nodes, what says something of them, and the folder that it says it of."""


class Settled(Struct, frozen=True):
    """What a file is checked by.

    Attributes:
        check: what is asked, and what is expected.
        fail_on: the mildest severity that makes the exit code 1.
        baseline: the file of findings that are known; None for none.
        files: the configuration files that say so, the nearest first.
        patterns: patterns of nodes of which these files say something.
    """

    check: Settings
    fail_on: Severity = "warning"
    baseline: str | None = None
    files: tuple[str, ...] = ()
    patterns: tuple[Wanted, ...] = ()


class About(Struct, frozen=True):
    """What of a configuration file is about one model.

    Attributes:
        files: the patterns of its tables that match the model.
        known: the places of the suppressions that may be about it.
    """

    files: tuple[str, ...] = ()
    known: tuple[int, ...] = ()
