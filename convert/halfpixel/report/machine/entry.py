"""What a run of any command says, one entry a thing, for formats that have a row for each.

A command's own results become a `Run` in the file that is named after it (`of_check.py` and so on);
a format (`as_csv.py` and so on) writes a run, whichever command it is of.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from halfpixel.report.alike import without_lengths
from halfpixel.rule import SEVERITIES, Severity


class Entry(Struct, frozen=True):
    """One thing that a run says of a file.

    Attributes:
        file: the model, as it was named.
        severity: how bad it is.
        rule: the rule that found it, or what kind of thing it is, such as "output".
        message: what is off, in numbers.
        node: path of the node, or name of the output; empty where it is about the file.
        op: the node's type.
        how: how it is known.
        calls: the PyTorch call that the node is, and the one that was meant; empty where unknown.
        fix: how safe the fix is, and the words of it; ("", why there is none) where there is none.
        source: "file.py:line" of the user's own call.
        failed: the tool could not do its work; it is nothing that the model does.
        graph: the subgraph or function that the node stands in.
        fail_on: the mildest severity that makes the exit code 1, there.
    """

    file: str
    severity: Severity
    rule: str
    message: str
    node: str = ""
    op: str = ""
    how: str = ""
    calls: tuple[str, str] = ("", "")
    fix: tuple[str, str] = ("", "")
    source: str = ""
    failed: bool = False
    graph: str = ""
    fail_on: Severity = "warning"

    @property
    def fails(self) -> bool:
        """Whether it makes the exit code another than 0."""
        rank = SEVERITIES.index
        return self.failed or rank(self.severity) <= rank(self.fail_on)

    @property
    def place(self) -> str:
        """The node with its type; empty where it is about the file."""
        return f"{self.node} ({self.op})" if self.op else self.node

    @property
    def advice(self) -> str:
        """What is to be done about it, in words; empty where nobody can say."""
        safety, words = self.fix
        if safety:
            return f"fix ({safety}): {words}"
        return f"no fix: {words}" if words else ""

    @property
    def said(self) -> tuple[str, ...]:
        """All that it says beside where it is, and at which lengths."""
        message, *fix = map(without_lengths, (self.message, *self.fix))
        return self.severity, self.rule, message, self.how, *fix


class Run(Struct, frozen=True):
    """What one run of a command says.

    Attributes:
        command: the command's name.
        entries: what is said, file by file.
        looked: (file, node) of all that was looked at, in order; what no entry is about is right.
        closing: the run in one line.
        least: the mildest severity that people are shown.
    """

    command: str
    entries: tuple[Entry, ...] = ()
    looked: tuple[tuple[str, str], ...] = ()
    closing: str = ""
    least: Severity = "note"

    @property
    def shown(self) -> tuple[Entry, ...]:
        """The entries that people are shown."""
        rank = SEVERITIES.index
        return tuple(one for one in self.entries if rank(one.severity) <= rank(self.least))

    @property
    def hidden(self) -> int:
        """How many notes people are not shown."""
        return len(self.entries) - len(self.shown)


def folded(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield entries of one file that say the same of several nodes together, in order.

    >>> one = Entry("m.onnx", "note", "rule", "off", "a")
    >>> [len(alike) for alike in folded([one, Entry("m.onnx", "note", "rule", "off", "b")])]
    [2]
    """
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for one in entries:
        groups.setdefault((one.file, one.graph, one.op, *one.said), []).append(one)
    yield from groups.values()
