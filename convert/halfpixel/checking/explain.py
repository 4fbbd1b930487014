"""Explain: a rule, the sites of a model, or a call, in every framework's words.

The subject is a rule's name, a model file (with ``:NODE`` for one of its nodes), or the text of a
call in any convention's words (F.interpolate, cv2.resize, ONNX's Resize) or of F.grid_sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from halfpixel.address import Location, without_secrets
from halfpixel.boundary import boundary
from halfpixel.checking.called import Called, call_of, called
from halfpixel.checking.check import opened
from halfpixel.checking.example_calls import example_of, names_known
from halfpixel.checking.explain_site import Findings, brief_lines, findings_at, site_lines
from halfpixel.checking.samplers import described
from halfpixel.checking.sampling_words import (
    EXAMPLE_LENGTH,
    Nearby,
    example_input,
    other_words,
    remark_line,
    sampling_lines,
)
from halfpixel.checking.shapes import Shapes
from halfpixel.checking.subject import exists, file_and_node, sites_named
from halfpixel.convention import Reading
from halfpixel.conventions.expression import argument_calls
from halfpixel.errors import HalfpixelError, UsageError, did_you_mean
from halfpixel.rule import Rule, load_rules
from halfpixel.sampling import GridSample, Sampling
from halfpixel.work import TooMuchWork, one_node

HEAD: Final = 2
"""Lines of a call that say what it is."""

FEW: Final = 4
"""Sites of a model of which every framework's nearest call is told, which takes work."""


def explain(subject: str, shapes: Shapes | None = None, *, brief: bool = False) -> Iterator[str]:
    """Yield the lines of an explanation.

    Args:
        subject: a rule's name, a model file or its address with or without ``:NODE``, or a call.
        shapes: of a model: lengths of its inputs, by name.
        brief: no more than what it is, and what was meant.

    Raises:
        UsageError: it is none of these, or an input of the model cannot have the shape.
        HalfpixelError: the model cannot be read.
    """
    rules = {name: rule for rule in load_rules() for name in (rule.name, *rule.aliases)}
    with boundary(without_secrets(subject)):
        is_call = "(" in subject and file_and_node(subject) is None
        if shapes and (subject in rules or is_call):
            raise UsageError(f"--shape is for a model, and {subject!r} is none")
        if subject in rules:
            yield from islice(_rule(rules[subject]), 1 if brief else None)
        elif (spelled := spelled_out(subject)) != subject:
            yield f"{subject}, for example:"
            yield from islice(_call(spelled), HEAD if brief else None)
        elif is_call:
            with one_node(share=2):
                lines = tuple(islice(_call(subject), HEAD if brief else None))
            yield from lines
        else:
            yield from _model(subject, list(rules), shapes or {}, brief=brief)


def spelled_out(subject: str) -> str:
    """Return an example of a call where a subject is the bare name of one; else the subject.

    >>> spelled_out("nn.PixelShuffle"), spelled_out("asymmetric-linear")
    ('nn.PixelShuffle(2)', 'asymmetric-linear')
    """
    return subject if exists(subject) else example_of(subject) or subject


def _rule(rule: Rule) -> Iterator[str]:
    yield f"{rule.name}{' (fixable)' if rule.fixable else ''}"
    yield ""
    yield from (rule.page or "").strip().splitlines()


def _call(text: str) -> Iterator[str]:
    """Yield what a call computes, in the first convention that reads it; so the call in a text."""
    text, found = text.strip(), call_of(text)
    yield text
    if found != text:
        yield f"  the call in it: {found}"
    yield from _of_call(found)


def called_lines(found: Called) -> Iterator[str]:
    """Yield what a call computes, along its axes or as a sampler."""
    if found.reading is not None:
        yield from map(remark_line, found.reading.remarks)
        yield from _reading(found, found.reading)
    yield from described(found.operator, EXAMPLE_LENGTH)


def _of_call(text: str) -> Iterator[str]:
    found = called(text)
    yield f"  in the words of {found.name}"
    yield from called_lines(found)
    inner = argument_calls(text, "affine_grid") if isinstance(found.operator, GridSample) else ()
    for one in inner:
        yield f"  its coordinates: {one}"
        yield from _of_call(one)


def _reading(found: Called, made: Reading) -> Iterator[str]:
    """Yield what is computed along each spatial axis."""
    groups: dict[Sampling | None, dict[int, int | None]] = {}
    for axis, (sampling, n_out) in enumerate(zip(made.samplings, made.lengths, strict=True)):
        groups.setdefault(sampling, {})[axis] = n_out
    for sampling, lengths in groups.items():
        if len(groups) > 1:
            yield f"  along spatial axis {', '.join(map(str, lengths))}:"
        if sampling is None:
            yield "  a copy: no length changes"
            continue
        pairs = [(_shown_from(sampling, n_out), n_out) for n_out in dict.fromkeys(lengths.values())]
        yield from sampling_lines(sampling, pairs)
        lengths_made = found.made(next(iter(lengths)))
        near = Nearby(nearest=True, made=lengths_made)
        if lengths_made and len(groups) == 1 and found.convention is not None:
            near = replace(near, convention=found.convention.name, words=found.text)
        yield from other_words(sampling, len(made.samplings), parted=len(groups) > 1, near=near)


def _shown_from(sampling: Sampling, n_out: int | None) -> int:
    """Return the input length of the example: where a size is given, one that is not the same."""
    by_size = sampling.scale is None and n_out is not None
    shown = example_input(n_out) if by_size and n_out is not None else EXAMPLE_LENGTH
    return max(shown, sampling.least)


def _named_in(subject: str, rules: Sequence[str]) -> tuple[Location, str]:
    """Return the model file that a subject names, and the node; empty for all.

    Raises:
        UsageError: it names none.
    """
    named = file_and_node(subject)
    if named is None:
        names = [*rules, *names_known()]
        hint = did_you_mean(subject.rpartition(".")[2] or subject, names)
        hint = hint or "; see 'halfpixel rules'"
        raise UsageError(f"{subject!r} is no rule, no model file and no call{hint}")
    path, node = named
    if isinstance(path, Path) and path.is_dir() and path.suffix not in {".mlpackage", ".mlmodelc"}:
        raise UsageError(f"{subject!r} is a folder: explain takes one model file, a rule or a call")
    return path, node


def _model(subject: str, rules: Sequence[str], shapes: Shapes, *, brief: bool) -> Iterator[str]:
    path, node = _named_in(subject, rules)
    model = opened(path)
    found = sites_named(model, path, node, shapes)
    if not found:
        yield f"{path}: no resampling nodes"
    said: dict[tuple[int, ...], tuple[str, ...]] = {}  # of sites that are alike
    left: dict[int, str] = {}
    findings: Mapping[int, Findings] = {}
    if found and not brief:
        findings = findings_at(model, shapes, str(path))
    for place, site in found:
        wrong = findings.get(place, ())
        key = id(site.operation), *(id(one.finding) for one in wrong)
        if key not in said:
            try:
                with one_node():
                    few = len(found) <= FEW
                    lines = brief_lines(site) if brief else site_lines(site, wrong, nearest=few)
                    said[key] = tuple(lines)
            except TooMuchWork as error:
                said[key] = (f"  {error}",)
                left[id(site.operation)] = site.path
        yield f"{path}: {site.path} ({site.op}, {site.operation.version})"
        yield from said[key]
        if not brief:
            yield ""
    if left:
        count = sum(id(site.operation) in left for _, site in found)
        first = next(iter(left.values()))
        raise HalfpixelError(f"{path}: {count} nodes not judged, {first!r} the first")
