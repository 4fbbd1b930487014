"""The one boundary: whatever goes wrong with a model, or a rule, leaves as an error of ours.

Every way in has it: the commands, the functions of `halfpixel`, the passes and the fixtures. What
was raised inside is the cause of what is raised; `--debug` logs its traceback.
"""

from collections.abc import Generator
from contextlib import contextmanager

from halfpixel.errors import Defect, HalfpixelError, UsageError, place_of, said_of, system_reason


@contextmanager
def boundary(name: str) -> Generator[None]:
    """Let nothing but our own errors out of a block, and the user's interrupt.

    Args:
        name: what is worked on: a file, or a side of a comparison.

    Raises:
        HalfpixelError: raised inside; or memory, nesting or the system gave out.
        Defect: anything else was raised inside, which is a fault of halfpixel.
    """
    try:
        yield
    except HalfpixelError as error:
        log(name, error)
        raise
    except BrokenPipeError:
        raise
    except OSError as error:
        log(name, error)
        where = f"{error.filename}: " if error.filename and str(error.filename) != name else ""
        reason = system_reason(error)
        raise HalfpixelError(f"{name}: {where}{reason}") from error
    except (MemoryError, RecursionError) as error:
        log(name, error)
        raise HalfpixelError(f"{name}: {said_of(error)}") from error
    except Exception as error:
        log(name, error)
        raise Defect(name, error) from error


@contextmanager
def package_boundary(package: str) -> Generator[None]:
    """Name the package of rules, of whomever, that cannot be loaded in a block.

    Raises:
        UsageError: something was raised inside.
    """
    try:
        yield
    except HalfpixelError:
        raise
    except Exception as error:
        log(package, error)
        why = f"{said_of(error)}{place_of(error)}"
        advice = "a defect of that package: mend it, or uninstall it"
        raise UsageError(f"the rules of {package} cannot be loaded: {why}; {advice}") from error


def log(name: str, error: Exception) -> None:
    """Log an error with its traceback, for `--debug`."""
    import logging

    logging.getLogger("halfpixel").debug("%s", name, exc_info=error)
