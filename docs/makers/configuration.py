"""The page of configuration: how it is found, every key, and what else a team settles once."""

import json
from collections.abc import Iterator

import msgspec

from halfpixel.settings.keys import PerFile, PerNode, Suppress, Table
from halfpixel.settings.pattern import USUAL

HEAD = """# Configuration

The tables of keys are made by `docs/build.py` from `convert/halfpixel/settings/keys.py`.

`halfpixel check` and `halfpixel fix` read, for each model, the nearest `halfpixel.toml`, or
`pyproject.toml` with a table `[tool.halfpixel]`, in the model's own folder or one above it; a model
with none has that of the working folder. Files are not merged, but for what one says with `extend`;
`--config FILE` takes the place of them all, and an option of the command line comes before what a
file says. `halfpixel check PATH --show-settings` prints what is settled for each model, and where.

```toml
# halfpixel.toml; in pyproject.toml each table is [tool.halfpixel...]
extend = "../halfpixel.toml"
ignore = ["checkerboard"]
target = ["tensorrt"]
fail-on = "error"
extend-exclude = ["third_party", "experiments/*.onnx"]
baseline = "halfpixel-baseline.json"

[expect]
"neck.*" = "align_corners=false"

[per-file."legacy/*.onnx"]
ignore = ["asymmetric-linear"]
severity = "error"

[per-node."/head/*"]
ignore = ["nearest-off-by-one"]

[[suppress]]
rule = "asymmetric-linear"
file = "depth.onnx"
node = "/decoder/up*"
reason = "trained with the shift, and fine-tuned on it"
expires = 2027-01-31
```

[halfpixel.schema.json](halfpixel.schema.json) describes such a file to an editor.

A key, a rule or a value that there is not ends the command with exit code 2 and one line that names
the file, the key and the value, and proposes what is near.

Patterns are those of a shell. One without a slash is that of a name, wherever the file lies; one
with a slash is that of a path from the folder of the configuration file, in which `*` stands for
slashes too. A folder stands for all that is in it.

What matches nothing is told on standard error, once, by a run of `check` that has seen all of what
it is about; a run of one model, or with `--exclude`, accuses no pattern that is for others:

- a pattern of files, of `per-file` or of a `suppress`, that no model matches which was checked:
  where the folder of the configuration file, or the one that the pattern begins with, was named or
  lies in one that was, or where all models below the configuration file lie in folders that were;
- a pattern of nodes, of `expect` or `per-node`, that no resampling node of these models matches,
  and a `suppress` that suppresses nothing: there too, and where every model below the folder of the
  configuration file was checked. Of nodes nothing is told while a model cannot be read.

## Keys
"""

SUPPRESSING = r"""
## Findings that are known

A finding that may stay is suppressed with a reason, and with the last day on which that holds. Then
it is none: it is neither shown nor fixed, and makes no exit code; how many there are is told on
standard error, and JSON has each. What expired suppresses nothing, and is told where its finding is
there again; what suppresses nothing is told, as above, to be taken out.

A node of an ONNX model may say so itself, in its `metadata_props` under `halfpixel.suppress`, a line
for each, `RULE[, RULE] [until DATE]: REASON`:

```python
import onnx

model = onnx.load("model.onnx")
known = "scale-or-size until 2999-12-31: trained at this very size"
for node in model.graph.node:
    if node.op_type == "Resize":
        node.metadata_props.add(key="halfpixel.suppress", value=known)
onnx.save(model, "known.onnx")
```

```console
halfpixel check known.onnx
```

Of models of others that is a reason for doubt: `in-nodes = false`, or `--ignore-suppressions`, finds
what they suppress.

## A registry in a day

```console
halfpixel check models/exporter_mismatches --write-baseline halfpixel-baseline.json
halfpixel check models/exporter_mismatches --baseline halfpixel-baseline.json
```

The first writes every finding that is there, notes too, whatever is shown of them; the second shows
those that are new. An entry is a
finding by its file, seen from the baseline's folder, by its rule, and by what its site computes; of
sites that are alike the place in the graph, or the name where it is still there, tells which is
meant. So nodes may be renumbered, as every export does, and the lengths that are free be called
otherwise. What has become graver is new: a warning that is proven an error since. What is found no
more is told, until `--write-baseline` writes the file anew, and so are findings of models that are
not there any more, where the folder that they were in was named or lies in one that was. Where no
model of a baseline is there, as after it was moved to another folder, every run says so. `fix`
knows no baseline.

## In a build, and beside an editor

- `--fail-on error` lets warnings pass, `--fail-on note` not even notes; `--exit-zero` lets all pass.
- `--fix --exit-non-zero-on-fix`, and `halfpixel fix --exit-non-zero-on-fix`, fail where anything
  had to be fixed. Run again, a fix says that nothing is left to do.
- `halfpixel check - < model.onnx` reads a model from standard input: ONNX, or what its
  content or name tells; `--stdin-filename NAME` says what it is called, and where its configuration
  is sought.
- `halfpixel check models --watch` checks again whenever a model or a configuration changes
  (`pip install 'halfpixel[watch]'`).
- What is excluded is passed over in folders and patterns; `--force-exclude` passes over what is
  named itself, as pre-commit does.

## Completion

The shell completes commands, options, rules and targets once it is told to:

| shell | line | in |
| --- | --- | --- |
| bash | `eval "$(_HALFPIXEL_COMPLETE=bash_source halfpixel)"` | `~/.bashrc` |
| zsh | `eval "$(_HALFPIXEL_COMPLETE=zsh_source halfpixel)"` | `~/.zshrc` |
| fish | `_HALFPIXEL_COMPLETE=fish_source halfpixel \| source` | `~/.config/fish/completions/halfpixel.fish` |
"""  # noqa: E501 - a row of a table


def page() -> str:
    """Return the page of configuration: how it is found, and every key."""
    lines = [HEAD, *_keys(Table), "", "Passed over where `exclude` says nothing:"]
    lines += [f"{', '.join(f'`{name}`' for name in USUAL)}."]
    tables = (
        ("per-file", '[per-file."PATTERN"]', PerFile),
        ("per-node", '[per-node."PATTERN"]', PerNode),
        ("suppress", "[[suppress]]", Suppress),
    )
    for name, head, kind in tables:
        lines += ["", f"### {name}", "", f"`{head}`: {_summary(kind)}", "", *_keys(kind)]
    return "\n".join([*lines, SUPPRESSING]).rstrip() + "\n"


def schema() -> str:
    """Return the JSON Schema of a halfpixel.toml, for editors."""
    made = msgspec.json.schema(Table)
    for kind in (Table, PerFile, PerNode, Suppress):
        described = made["$defs"][kind.__name__]
        described["description"] = _summary(kind)
        described["additionalProperties"] = False
        for key, text in _attributes(kind):
            described["properties"][key]["description"] = text
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:halfpixel:configuration",
        "title": "halfpixel.toml",
    }
    return json.dumps(head | made, indent=1) + "\n"


def _summary(kind: type) -> str:
    """Return what a docstring says before its attributes."""
    return " ".join((kind.__doc__ or "").partition("Attributes:")[0].split())


def _keys(kind: type) -> Iterator[str]:
    """Yield a table of the attributes of a class, as its docstring says them."""
    yield "| key | |"
    yield "| --- | --- |"
    yield from (f"| `{key}` | {text} |" for key, text in _attributes(kind))


def _attributes(kind: type) -> Iterator[tuple[str, str]]:
    """Yield the attributes of a class and what its docstring says of each, in one line."""
    rows: list[list[str]] = []
    for line in (kind.__doc__ or "").partition("Attributes:\n")[2].rstrip().splitlines():
        indent = len(line) - len(line.lstrip())
        if indent == 8:
            rows.append(list(line.strip().partition(": ")[::2]))
        else:
            rows[-1][1] += f" {line.strip()}"
    yield from ((key, text) for key, text in rows)
