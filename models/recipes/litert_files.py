"""One resize a file, as LiteRT's converters write it, with the framework's own output beside it.

Run it in an environment that has litert-torch, then in one that has TensorFlow: each writes the
files that it can. `manifest.csv` says what LiteRT's interpreter (ai-edge-litert) gives.

    python models/recipes/litert_files.py FOLDER
"""

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

LENGTHS: Final = (((7, 10), (3, 5)), ((6, 8), (12, 16)), ((5, 9), (9, 7)))
FACTORS: Final = (1.7, 0.5, 2.0)


def torch_calls() -> Iterator[tuple[str, tuple[int, int], dict[str, Any]]]:
    """Yield the name, the input lengths and the arguments of each call of F.interpolate."""
    modes: list[tuple[str, bool | None]] = [("nearest", None), ("nearest-exact", None)]
    modes += [("bilinear", False), ("bilinear", True), ("bicubic", False), ("area", None)]
    for given, size in LENGTHS:
        for mode, corners in modes:
            flag = "" if corners is None else f"_ac{int(corners)}"
            name = f"torch_{mode}{flag}_{given[0]}x{given[1]}_{size[0]}x{size[1]}"
            yield name, given, {"size": size, "mode": mode, "align_corners": corners}
    for factor in FACTORS:
        for mode, corners in (modes[0], *modes[2:4]):
            flag = "" if corners is None else f"_ac{int(corners)}"
            wanted = {"scale_factor": factor, "mode": mode, "align_corners": corners}
            yield f"torch_{mode}{flag}_by{factor}", (7, 10), wanted


def write_torch(folder: Path) -> None:
    """Write what litert-torch converts."""
    import litert_torch
    import torch
    from torch.nn.functional import interpolate

    class M(torch.nn.Module):
        def __init__(self, arguments: dict[str, Any]) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 3, 1)
            self.arguments = arguments

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return interpolate(self.conv(x), **self.arguments)

    for name, given, arguments in torch_calls():
        torch.manual_seed(0)
        x = torch.rand(1, 3, *given)
        module = M(arguments).eval()
        litert_torch.convert(module, (x,)).export(str(folder / f"{name}.tflite"))
        np.savez(folder / f"{name}.npz", x=x.numpy(), y=module(x).detach().numpy())


def write_tensorflow(folder: Path) -> None:
    """Write what TensorFlow's converter writes."""
    import tensorflow as tf

    def write(name: str, call: Callable[[Any], Any], given: tuple[int, int]) -> None:
        x = np.random.default_rng(0).random((1, *given, 3), np.float32)
        spec = tf.TensorSpec(x.shape, tf.float32)
        traced = tf.function(call).get_concrete_function(spec)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([traced])
        (folder / f"{name}.tflite").write_bytes(converter.convert())
        np.savez(folder / f"{name}.npz", x=x, y=call(x).numpy())

    for given, size in LENGTHS:
        ends = f"{given[0]}x{given[1]}_{size[0]}x{size[1]}"
        for kind in ("Bilinear", "NearestNeighbor"):
            word = "bilinear" if kind == "Bilinear" else "nearest_neighbor"
            raw = getattr(tf.raw_ops, f"Resize{kind}")
            for corners, half in ((False, False), (True, False), (False, True)):
                flags = {"align_corners": corners, "half_pixel_centers": half}
                write(
                    f"tf1_{word}_ac{int(corners)}hp{int(half)}_{ends}",
                    lambda x, raw=raw, flags=flags, size=size: raw(images=x, size=size, **flags),
                    given,
                )
        for method in ("bilinear", "nearest"):
            write(
                f"tf2_{method}_{ends}",
                lambda x, method=method, size=size: tf.image.resize(x, size, method=method),
                given,
            )


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if find_spec("litert_torch") is not None:
        write_torch(place)
    if find_spec("tensorflow") is not None:
        write_tensorflow(place)
