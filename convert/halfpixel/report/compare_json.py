"""A comparison as JSON: the verdict, its proof, every axis, and the first in the second's words."""

from fractions import Fraction

from halfpixel.checking.comparing.apart import Apart
from halfpixel.checking.comparing.lengths import names_of
from halfpixel.checking.comparing.result import AxisComparison, Comparison, Measurement
from halfpixel.checking.comparing.side import Side
from halfpixel.checking.comparing.words import remarks_of, verdict_line
from halfpixel.checking.sampling_words import formula_of, kernel_words
from halfpixel.quoting import json_text
from halfpixel.report.machine.as_json import VERSION
from halfpixel.sampling import Sampling

Values = dict[str, object]


def dumps(found: Comparison) -> str:
    """Return a comparison as JSON text."""
    return json_text(document(found))


def document(found: Comparison) -> Values:
    """Return a comparison as plain values.

    >>> from halfpixel.checking.comparing.compare import compare
    >>> call = "F.interpolate(x, scale_factor=2, mode='bilinear')"
    >>> document(compare(call, call))["verdict"]
    'equal'
    """
    names = names_of(found.a.axes)
    instead = found.instead
    return {
        "version": VERSION,
        "verdict": found.verdict,
        "proof": found.proof if found.equal else None,
        "at_every_length": found.at_every_length,
        "message": verdict_line(found),
        "a": _side(found.a),
        "b": _side(found.b),
        "scale": _number(found.scale),
        "displacement": found.displacement,
        "axes": [_axis(name, axis) for name, axis in zip(names, found.axes, strict=False)],
        "output_lengths": [
            {"axis": names[one.axis], "input": one.n_in, "a": one.first, "b": one.second}
            for one in found.lengths
        ],
        "examples": [_apart(one) for one in found.examples],
        "instead": None
        if instead is None
        else {
            "text": instead.text,
            "equal": instead.equal,
            "at_every_length": instead.everywhere,
            "apart": None if instead.apart is None else _apart(instead.apart),
        },
        "measured": None if found.measurement is None else _measured(found.measurement),
    }


def _measured(made: Measurement) -> Values:
    return {
        "reason": made.reason or None,
        "input": list(made.ins),
        "output": list(made.outs),
        "a": {"text": made.calls[0], "release": made.releases[0]},
        "b": {"text": made.calls[1], "release": made.releases[1]},
        "images": [
            {
                "dtype": one.dtype,
                "most": one.most,
                "mean": one.mean,
                "a_off_its_weights": one.own[0],
                "b_off_its_weights": one.own[1],
            }
            for one in made.measured
        ],
    }


def _side(side: Side) -> Values:
    return {
        "subject": side.subject,
        "text": side.text,
        "convention": side.name,
        "beside": [
            {
                "about": one.about,
                "text": one.text,
                "dtype": one.dtype or None,
                "most": one.most,
                "source": one.source or None,
            }
            for one in remarks_of(side)
        ],
    }


def _axis(name: str, axis: AxisComparison) -> Values:
    n_in, n_out = axis.lengths
    every = axis.every
    return {
        "axis": name,
        "input": n_in,
        "output": n_out,
        "verdict": axis.answer,
        "proof": axis.proof if axis.answer == "equal" else None,
        "at_every_length": every.equal,
        "witness": None if axis.witness is None else list(axis.witness),
        "searched_to": axis.judged.searched_to,
        "a": _sampling(axis.first),
        "b": _sampling(axis.second),
        "apart": None if axis.shown is None else _apart(axis.shown),
    }


def _sampling(sampling: Sampling | None) -> Values | None:
    """Return what is computed along an axis; None for a copy."""
    if sampling is None:
        return None
    return {
        "kernel": kernel_words(sampling),
        "source_coordinate": formula_of(sampling) or None,
        "scale": _number(sampling.scale),
    }


def _apart(apart: Apart) -> Values:
    return {
        "input": apart.n_in,
        "output": apart.n_out,
        "displacement": float(apart.displacement),
        "weight_difference": float(apart.weights),
        "change": float(apart.change),
        "sample": apart.output,
        "pixel": apart.pixel,
        "a": float(apart.first),
        "b": float(apart.second),
        "every_sample": apart.all_rows,
        "within": float(apart.within),
    }


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
