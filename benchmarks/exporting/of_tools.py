"""Rewrite a model of PyTorch by quantisers and simplifiers; prepend onnxruntime-extensions' resize.

python of_tools.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from written import Written

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS = Path(__file__).parents[2] / "models" / "corpus"
MODELS = ("bilinear_size_odd_ac0-t1.8.1-o10", "bilinear_size_odd_ac1-t1.12.1-o16")


def simplified(source: Path, _: Path) -> Any:
    """Return it from onnxsim."""
    import onnxsim

    return onnxsim.simplify(onnx.load(source))[0]


def slim(source: Path, _: Path) -> Any:
    """Return it from onnxslim."""
    import onnxslim

    return onnxslim.slim(onnx.load(source))


def optimised(source: Path, _: Path) -> Any:
    """Return it from onnxoptimizer."""
    import onnxoptimizer

    return onnxoptimizer.optimize(onnx.load(source))


def quantised(source: Path, out: Path) -> Any:
    """Return it from onnxruntime's quantiser."""
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(source, out)
    return onnx.load(out)


def run(source: Path, out: Path) -> Any:
    """Return it as onnxruntime's own optimiser leaves it."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.optimized_model_filepath = str(out)
    ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return onnx.load(out)


TOOLS: dict[str, Callable[[Path, Path], Any]] = {
    "onnxsim": simplified, "onnxslim": slim, "onnxoptimizer": optimised,
    "onnxruntime.quantization": quantised, "onnxruntime's optimiser": run,
}  # fmt: skip


def extended(opset: int) -> Any:
    """Return onnxruntime-extensions' resize to 4 by 5 before a model that does nothing."""
    from onnxruntime_extensions.tools import pre_post_processing as steps

    value = helper.make_tensor_value_info("i", TensorProto.UINT8, [4, 5, 3])
    other = helper.make_tensor_value_info("o", TensorProto.UINT8, [4, 5, 3])
    graph = helper.make_graph([helper.make_node("Identity", ["i"], ["o"])], "n", [value], [other])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    image = steps.create_named_value("image", TensorProto.UINT8, [8, 10, 3])
    processor = steps.PrePostProcessor([image], opset)
    processor.add_pre_processing([steps.Resize((4, 5))])
    return processor.run(model)


def main() -> None:
    """Rewrite each model by each tool."""
    from PIL import Image

    out = Written(sys.argv[1])
    for name, (tool, rewrite) in [(m, one) for m in MODELS for one in TOOLS.items()]:
        file = f"{name}-{tool.replace(' ', '-')}.onnx"
        try:
            onnx.save(
                rewrite(CORPUS / f"{name}.onnx", Path(out.path("scratch.onnx"))), out.path(file)
            )
        except Exception as error:  # noqa: BLE001 - every tool has its own ways to refuse
            out.refuse(f"{tool} on {name}", error)
            continue
        with np.load(CORPUS / f"{name}.npz") as arrays:
            values = list(arrays.values())
        flag = "half_pixel_centers=True" if "ac0" in name else "align_corners=True"
        out.add(file, f"{name} by {tool}", (values[0], values[-1]), flag=flag)
    image = np.random.RandomState(7).randint(0, 255, (8, 10, 3)).astype(np.uint8)
    planes = [Image.fromarray(image[..., c].astype(np.float32)) for c in range(3)]
    small = [np.asarray(one.resize((5, 4), Image.Resampling.BILINEAR)) for one in planes]
    arrays = image[None].astype(np.float32), np.stack(small, -1)[None]
    for opset in (16, 18):
        onnx.save(extended(opset), out.path(f"extensions-o{opset}.onnx"))
        told = f"onnxruntime-extensions' Resize, opset {opset}, against Pillow"
        out.add(f"extensions-o{opset}.onnx", told, arrays, layout="NHWC", tolerance=1e-2)
    out.save()


if __name__ == "__main__":
    main()
