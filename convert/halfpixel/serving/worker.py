"""What a worker does: one model, judged and told, in a process that may be killed for it.

A worker stands in the model's folder, so that every name in a report is the model's own, and none
says where a service keeps what it was sent.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Generator
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.address import WEB, Address, Location
from halfpixel.boundary import log
from halfpixel.checking.check import Judge, opened
from halfpixel.checking.check import Settings as Asked
from halfpixel.checking.named_nodes import check_expected
from halfpixel.checking.result import FileReport, Report
from halfpixel.checking.shapes import check_shapes, parse_shapes
from halfpixel.errors import Defect, HalfpixelError, ModelFileError, UsageError
from halfpixel.intents.policy import parse_policy
from halfpixel.rule import SEVERITIES, load_rules
from halfpixel.serving.limits import Limits
from halfpixel.serving.query import Form, Settings
from halfpixel.settings.settled import Given, Settled
from halfpixel.work import MOST


class Job(Struct, frozen=True):
    """A model to check.

    Attributes:
        folder: the folder that its file lies in; None for an address.
        file: the file's name there, or the address.
        name: what it is called in the report.
        query: what is asked.
        form: the format of the report.
        answer: the file that the report is written to.
        config: the configuration file that settles the rest.
        work: the most steps of exact work that it may take.
        size: bytes of the model's file, which may be mapped.
    """

    folder: Path | None
    file: str
    name: str
    query: Settings
    form: Form
    answer: Path
    config: str | None = None
    work: int = MOST
    size: int = 0


class Outcome(Struct, frozen=True):
    """What came of a check.

    Attributes:
        status: the status of HTTP: 200 and 422 with a report, others with `detail`.
        passed: the model was judged whole, and nothing is as grave as it fails by.
        detail: why there is no report.
        counts: how many errors, warnings and notes were found.
    """

    status: int
    passed: bool = False
    detail: str = ""
    counts: tuple[int, ...] = (0, 0, 0)


def prepare(limits: Limits) -> None:
    """Make a new process ready: what is loaded once, and what it may take and read.

    Args:
        limits: what the service allows; where nobody is left to end a check, the system does.
    """
    sys.argv = ["halfpixel"]  # which a defect's report quotes: a caller need not see the rest
    list(load_rules())
    gc.freeze()
    _allowed[:] = [limits.memory, limits.seconds]
    if limits.allowed:
        from halfpixel.serving.web import GuardedFile
        from halfpixel.storage.stores import READERS

        for protocol in WEB:
            READERS[protocol] = partial(GuardedFile, allowed=limits.allowed, private=limits.private)


_allowed: list[float] = []
"""Bytes and seconds that a check may take."""


def judge(job: Job) -> Outcome:
    """Check one model and write its report."""
    try:
        with _bounded(job.size):
            return _judged(job)
    except UsageError as error:
        return Outcome(400, detail=str(error))
    except (MemoryError, ModelFileError) as error:
        why = "there is not enough memory" if isinstance(error, MemoryError) else str(error)
        return Outcome(422, detail=f"{job.name}: {why}")
    except Exception as error:  # noqa: BLE001 - whatever it is, one request fails by it
        log(job.name, error)
        defect = error if isinstance(error, HalfpixelError) else Defect(job.name, error)
        return Outcome(500, detail=str(defect))


def _judged(job: Job) -> Outcome:
    if job.folder is not None:
        os.chdir(job.folder)
    settled = _settled(job)
    check = settled.check
    source = Path(job.file) if job.folder is not None else Address(job.file)
    file = Judge(check).file(source, job.name)
    if file.error is not None:
        file = replace(file, error=file.error.replace(f"{job.file}: ", f"{job.name}: ", 1))
    if file.error is None:
        _check_settings(job, source, file)
    rank = SEVERITIES.index
    found = [one.finding.severity for one in file.findings]
    passed = not file.failures and all(rank(one) > rank(settled.fail_on) for one in found)
    job.answer.write_bytes(told(Report((file,)), job.form, check, passed=passed).encode())
    counts = tuple(found.count(severity) for severity in SEVERITIES)
    if file.defect:
        return Outcome(500, detail=file.error or "")
    return Outcome(200 if file.error is None else 422, passed, counts=counts)


def _settled(job: Job) -> Settled:
    """Return what a model is checked by: what is asked, then the service's configuration."""
    query = job.query
    work = min(query.max_work or job.work, job.work)
    shapes = parse_shapes(query.shape)
    _check_targets(query.target)
    if job.config is not None:
        from halfpixel.settings.configuration import Configuration

        given = Given(
            query.select, query.ignore, query.expect, query.severity, query.target, work, shapes,
            config=job.config, fail_on=query.fail_on, in_nodes=not query.ignore_suppressions,
        )  # fmt: skip
        return Configuration(given).of(Path(job.name))
    policies = tuple(map(parse_policy, query.expect))
    asked = Asked(
        query.select, query.ignore, policies, query.severity, query.target, work, shapes,
        in_nodes=not query.ignore_suppressions,
    )  # fmt: skip
    return Settled(asked, query.fail_on or "warning")


def _check_targets(asked: tuple[str, ...]) -> None:
    """Refuse targets that are no names: a path would be a file of the service."""
    from halfpixel.targets.target import names

    known = names()
    for name in asked:
        if name not in known:
            raise UsageError(f"target {name!r} is none; there are: {', '.join(known)}")


def _check_settings(job: Job, source: Location, file: FileReport) -> None:
    """Refuse settings that say something of nodes or inputs which the model has not."""
    check_expected(job.query.expect, file.sites)
    if job.query.shape:
        check_shapes(opened(source).inputs, parse_shapes(job.query.shape))


def told(report: Report, form: Form, check: Asked, *, passed: bool) -> str:
    """Return a report in a format: what the command writes, and in JSON whether it passed."""
    if form == "json":
        from halfpixel.quoting import json_text
        from halfpixel.report.machine.as_json import document

        return json_text({**document(report), "passed": passed})
    if form == "sarif":
        from halfpixel.report.machine.as_sarif import dumps

        return dumps(report)
    from halfpixel.report.html import check_page

    return check_page.dumps(report, check.shown, check.max_work)


@contextlib.contextmanager
def _bounded(size: int) -> Generator[None]:
    """Bound what a block takes, where the system can; see `getrlimit(2)` and `proc(5)`.

    Data is what the process has of its own; a file that is mapped counts as address space alone.
    """
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    memory, seconds = (int(one) for one in _allowed)
    space, data = _taken()
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    soft = {
        resource.RLIMIT_DATA: data + memory,
        resource.RLIMIT_AS: space + memory + size,
        resource.RLIMIT_CPU: int(used + 2 * seconds) + 2,
        resource.RLIMIT_CORE: 0,
    }
    before = {kind: resource.getrlimit(kind) for kind in soft}
    for kind, most in soft.items():
        with contextlib.suppress(ValueError, OSError):  # a kind that the system has not
            resource.setrlimit(kind, (most, before[kind][1]))
    try:
        yield
    finally:
        for kind, limits in before.items():
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, limits)


def _taken() -> tuple[int, int]:
    """Return the bytes of address space and of data that the process has."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:  # no Linux: what a process starts with is little
        return 1 << 30, 1 << 28
    page = os.sysconf("SC_PAGE_SIZE")
    return int(pages[0]) * page, int(pages[5]) * page
