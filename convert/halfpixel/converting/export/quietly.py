"""Exporters talk; what they say in the end is one line."""

import io
import logging
import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final, cast

LONGEST: Final = 300

TRACING: Final = "PyTorch, tracing "
"""How a line begins that tells what PyTorch warns of while it traces; the place follows."""


@contextmanager
def quietly() -> Generator[None]:
    """Drop warnings, log lines and prints of exporters; errors are raised as ever."""
    before = logging.root.manager.disable
    nowhere = io.StringIO()
    with warnings.catch_warnings(), redirect_stdout(nowhere), redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(before)


@contextmanager
def tracing() -> Generator[list[str]]:
    """Collect what PyTorch warns of while it traces: what became a constant."""
    import torch

    found: list[str] = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", cast("type[Warning]", vars(torch.jit)["TracerWarning"]))
        yield found
    own = str(Path(__file__).parents[2])
    for one in heard:
        if one.filename.startswith(own):
            continue  # of plain operators, whose lengths are meant to be constants
        where = f"{os.path.basename(one.filename)}:{one.lineno}"  # noqa: PTH119 - a name as it is told
        text = " ".join(str(one.message).split()).partition(". ")[0]
        line = f"{TRACING}{where}: {text}"
        if line not in found:
            found.append(line)


@contextmanager
def unprinted() -> Generator[None]:
    """Drop what C++ prints: the TorchScript exporter shows a whole graph where it refuses."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def reason_of(error: BaseException) -> str:
    r"""Return why something failed, in one line: the first cause, without its advice.

    >>> reason_of(ValueError("no\n  such   mode\n\nSet LOGS=1 for more."))
    'ValueError: no such mode'
    """
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = cause.__cause__
    first = seen[-1]
    text = str(first).strip().partition("\n\n")[0]
    line = " ".join(text.split()) or "no reason given"
    if len(line) > LONGEST:
        line = line[:LONGEST].rpartition(" ")[0] + " ..."
    return f"{type(first).__name__}: {line}"
