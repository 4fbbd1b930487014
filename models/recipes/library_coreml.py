"""The library's networks as coremltools converts their traces.

A model becomes `NAME.mlpackage` (float32, iOS 15), `NAME-fp16.mlpackage` (iOS 16) or
`NAME-network.mlmodel`. `architectures.csv` lists the calls that the module made in an eager run and
what resamples in the model, or why there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import coreml_packages
import coremltools as ct
import measure
import numpy as np
import torch
from coreml_interpolate import phrase, quiet
from library import LIBRARY, Network, made
from recorded import recording
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from coremltools.models import MLModel


class Frozen:
    """Answer a method's later calls with the results of its first run, in order."""

    def __init__(self, method: Callable[..., Any]) -> None:
        """Begin to note results."""
        self.method = method
        self.answers: list[Any] = []
        self.next: int | None = None

    def __call__(self, *args: object, **options: object) -> Any:  # noqa: ANN401 - the method's
        """Call the method, or give what it gave."""
        if self.next is None:
            self.answers.append(self.method(*args, **options))
            return self.answers[-1]
        self.next += 1
        return self.answers[(self.next - 1) % len(self.answers)]


def traced(model: nn.Module, about: Network, image: Tensor) -> tuple[Any, tuple[Tensor, ...]]:
    """Return a trace of a network, its frozen methods being constants, and its eager outputs."""
    frozen = []
    for part in model.modules():
        for kind, method in about.frozen:
            if type(part).__name__ == kind:
                frozen.append(Frozen(getattr(part, method)))
                setattr(part, method, frozen[-1])
    with torch.no_grad():
        given = model(image)
        for method in frozen:
            method.next = 0
        trace = torch.jit.trace(model, (image,), strict=False, check_trace=False)
    return trace, (given,) if isinstance(given, Tensor) else tuple(given)


def convert(trace: Any, about: Network, image: Tensor, kind: str) -> MLModel:  # noqa: ANN401
    """Convert a trace."""
    options: dict[str, Any] = {"convert_to": "neuralnetwork"}
    if kind != "network":
        half = ct.precision.FLOAT16 if kind == "fp16" else ct.precision.FLOAT32
        options = {
            "convert_to": "mlprogram",
            "compute_precision": half,
            "minimum_deployment_target": ct.target.iOS16 if kind == "fp16" else ct.target.iOS15,
        }
    return ct.convert(
        trace,
        inputs=[ct.TensorType(name="image", shape=tuple(image.shape))],
        outputs=[ct.TensorType(name=name) for name in about.outputs],
        skip_model_load=True,
        **options,
    )


def rows(name: str, about: Network, folder: Path) -> Iterator[dict[str, object]]:
    """Convert a network; yield a line for each kind of model."""
    model, image = made(about)
    calls: list[str] = []
    with torch.no_grad(), recording(calls):
        model(image)
    for kind in about.coreml:
        suffix = ".mlmodel" if kind == "network" else ".mlpackage"
        path = folder / f"{name}{'-' if kind else ''}{kind}{suffix}"
        line = {"file": path.name, "target": kind or "fp32", "calls": " | ".join(calls)}
        try:
            trace, outputs = traced(model, about, image)
            converted = convert(trace, about, image, kind)
        except Exception as error:  # noqa: BLE001 - converters raise of every kind
            words = (str(error).strip() or repr(error)).splitlines()[0]
            yield {**line, "status": f"{type(error).__name__}: {words}", "operations": ""}
            continue
        coreml_packages.save(converted, path)
        arrays = dict(zip(about.outputs, (y.numpy() for y in outputs), strict=True))
        np.savez_compressed(folder / f"{name}.npz", image=image.numpy(), **arrays)
        yield {**line, "status": "converted", "operations": phrase(converted)}


def build(root: Path, names: Sequence[str]) -> None:
    """Convert the named networks, or all of them, and write the table."""
    folder = root / "coreml" / "architectures"
    folder.mkdir(parents=True, exist_ok=True)
    quiet()
    for name in names or LIBRARY:
        lines = list(rows(name, LIBRARY[name], folder))
        if lines:
            measure.update_rows(folder / "architectures.csv", lines)
