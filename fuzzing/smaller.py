"""A failing case made smaller, as long as it fails in the same way."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from fuzzing import wire
from fuzzing.case import Case


def smaller(case: Case, fails: Callable[[Case], bool], seconds: float) -> Case:
    """Return a case that still fails, found within some seconds.

    Args:
        case: fails.
        fails: whether a case fails in the same way.
        seconds: how long it may take.

    >>> found = smaller(Case({"a": b"what (is) needed"}), lambda case: b"(" in case.files["a"], 5)
    >>> found.files
    {'a': b'('}
    """
    end = time.monotonic() + seconds
    found = True
    while found and time.monotonic() < end:
        found = False
        for candidate in _candidates(case):
            if time.monotonic() > end:
                break
            if candidate.size < case.size and fails(candidate):
                case, found = candidate, True
                break
    return case


def _candidates(case: Case) -> Iterator[Case]:
    for name, data in case.files.items():
        for shorter in (*_messages(data), *_parts(data)):
            yield replace(case, files={**case.files, name: shorter})
    for place, text in enumerate(case.command[1:], 1):
        if len(text) > 40:
            for shorter in _parts(text.encode("utf-8", "surrogatepass")):
                new = shorter.decode("utf-8", "replace")
                yield replace(
                    case, command=(*case.command[:place], new, *case.command[place + 1 :])
                )


def _messages(data: bytes) -> Iterator[bytes]:
    """Yield a message without one of its fields, large ones first, or with one cut in half."""
    tree = wire.parsed(data)
    if tree is None:
        return
    count = len(list(wire.places(tree)))
    sizes = [len(wire.flat(fields[at])) for fields, at in wire.places(tree)]
    for place in sorted(range(count), key=lambda one: -sizes[one]):
        copy = [wire.copied(field) for field in tree]
        fields, at = list(wire.places(copy))[place]
        value = fields[at].value
        del fields[at]
        yield wire.serialized(copy)
        if isinstance(value, bytes) and len(value) > 8:
            fields.insert(at, wire.Field(1, wire.BYTES, value[: len(value) // 2]))
            fields[at].number = _number(tree, place)
            yield wire.serialized(copy)


def _number(tree: list[wire.Field], place: int) -> int:
    fields, at = list(wire.places(tree))[place]
    return fields[at].number


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield bytes without a half, a quarter, ... of them."""
    step = len(data) // 2
    while step:
        for start in range(0, len(data), step):
            yield data[:start] + data[start + step :]
        step = step // 2 if len(data) // step < 64 else 0
