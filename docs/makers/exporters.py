"""The page of all exporters."""

import re
from collections.abc import Iterator

from halfpixel.intents import exporter
from halfpixel.intents import exporter_file as exporters
from halfpixel.intents.exporter import Exporter
from makers.asked import asked

EXPORTERS = """# Exporters

Made by `docs/build.py` from `convert/halfpixel/intents/exporters`: what the programs that write
models can only have meant by what they write. A call that the exporter recorded on the node itself
comes before all of this; `--expect` overrides it.

- Of an exporter's rows the first that holds and speaks of a thing counts. Of producers that are not
  here nothing is said.
- **means** a call: this is what PyTorch was asked for. *as written* is read from the node, *named*
  from the call's name in the node's; *plain factors* are constants that read like somebody's own,
  all else counts as a size.
- **means what it writes**: in these aspects the file says what was meant, and the framework that is
  named computes so.
- **never means this**: no call of the framework computes what is written; it has this in its place.
- **cannot be known**: the exporter writes the same whatever was meant; the flags of the original
  call that it drops are named. **likely had** names the one that the call's own name suggests.
- **measured**: models were run; **read**: in the exporter's own files, and not run.
"""


def exporters_page() -> str:
    """Return the page of all exporters: a table, then the rows of each with their sources."""
    known = [
        exporters.load_exporter(exporters.FOLDER / f"{name}.toml") for name in exporters.names()
    ]
    lines = [EXPORTERS, "| exporter | told by | rows | measured |", "| --- | --- | --- | --- |"]
    for one in known:
        run = sum(row.how == "measured" for row in one.rows)
        marks = ", ".join(f"{by} `{mark}`" for by, mark in one.marks.items() if mark)
        head = f"| [{one.title}](#{_anchor(one.title)}) | {marks} |"
        lines.append(f"{head} {len(one.rows)} | {run or 'no'} |")
    for one in known:
        lines += ["", f"## {one.title}", "", *_exporter(one)]
    return "\n".join(lines).rstrip() + "\n"


def _anchor(title: str) -> str:
    """Return the anchor that a heading gets, on the site as on GitHub."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _exporter(one: Exporter) -> Iterator[str]:
    sources = list(dict.fromkeys(row.source for row in one.rows))
    yield "| operator | when | versions | what it means | how | source |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in one.rows:
        ops, when = asked(row.conditions)
        means = _means(row) + "".join(f" [report]({link})" for link in row.reports)
        place = sources.index(row.source) + 1
        yield f"| {ops} | {when} | {_versions(row)} | {means} | {row.how} | {place} |"
    yield ""
    yield from (f"{place}. {source}" for place, source in enumerate(sources, 1))


def _versions(row: exporter.Row) -> str:
    ends = [".".join(map(str, end)) if end else "" for end in (row.oldest, row.newest)]
    return " to ".join(ends).strip() if row.newest else f"{ends[0]} or newer" if ends[0] else "all"


def _means(row: exporter.Row) -> str:
    if row.call is not None:
        told = "**means** " + ", ".join(f"{key} {_said(value)}" for key, value in row.call.items())
    elif row.as_written:
        by = f" ({row.framework})" if row.framework else ""
        told = f"**means what it writes**: {', '.join(sorted(row.as_written))}{by}"
    elif row.instead:
        other = ", ".join(f"{key} *{value}*" for key, value in row.instead.items())
        told = f"**never means this**: {row.framework} has {other}"
    elif row.likely:
        told = f"**likely had** {row.likely}"
    else:
        flags = " or ".join((*row.readings, "neither")) if row.readings else ""
        told = f"**cannot be known**: {', '.join(sorted(row.cannot_be_known))}"
        told += f", which {flags} would tell" if flags else ""
    return f"{told}; {row.note}" if row.note else told


def _said(value: object) -> str:
    return str(value) if isinstance(value, bool) else f"*{value}*"
