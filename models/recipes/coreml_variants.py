"""Write every variant of Core ML's resampling operators, one tiny model each.

    python coreml_variants.py FOLDER
    python coreml_variants.py --check FOLDER

``manifest.csv`` says of each operation which PyTorch call it is at those sizes, or nothing
where PyTorch has none; the calls are written by hand below, from the operators' documented
formulas. An expression may be evaluated with ``torch``, ``F``, ``torchvision`` and the
operator's own tensors, which are in ``variants.npz`` as ``FILE:WHERE:NAME``, ``y`` being what
the formula gives in float64. Arrays are absent where the documentation defines no values.

``--check`` reads the files back: each operation must be where the manifest says, with its
attributes and its shape; each call must give what the formula in coreml_formulas.py gives;
and where there is no call, none of F.interpolate's modes may give that. torchvision's
roi_align is run by onnxruntime's operator of that name, which was made after it. Needs
coremltools, onnx and onnxruntime.
"""

from __future__ import annotations

import csv
import logging
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import coreml_formulas as formulas
import coreml_packages
import coreml_read
import coreml_variants_mil
import coreml_variants_networks
import coreml_variants_structure
import coremltools as ct
import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import TensorProto, helper

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from coreml_site import Array, Site, Variant

COLUMNS = ("file", "where", "op", "since", "attributes", "input_shape", "output_shape",
           "pytorch", "source")  # fmt: skip
MODES = (
    {"mode": "nearest"},
    {"mode": "nearest-exact"},
    {"mode": "area"},
    {"mode": "bilinear", "align_corners": False},
    {"mode": "bilinear", "align_corners": True},
    {"mode": "bilinear", "align_corners": False, "antialias": True},
    {"mode": "bicubic", "align_corners": False},
    {"mode": "bicubic", "align_corners": True},
)
BY_SIZE = {
    "nearest_floor": formulas.nearest_floor,
    "nearest_centre": formulas.nearest_centre,
}
BY_BLOCK = {
    "depth_to_space": formulas.depth_to_space,
    "pixel_shuffle": formulas.pixel_shuffle,
}
BY_TENSORS: dict[str, Any] = {
    "crop": (formulas.crop_resize, "roi"),
    "crop_indexed": (formulas.crop_resize_indexed, "boxes", "box_indices"),
    "resample": (formulas.resample, "coordinates"),
    "affine": (formulas.affine, "transform_matrix"),
    "conv_transpose": (formulas.conv_transpose, "weight"),
}


def variants() -> Iterator[Variant]:
    """Yield every model."""
    for module in (coreml_variants_mil, coreml_variants_networks, coreml_variants_structure):
        yield from module.variants()


def arrays(site: Site) -> dict[str, Array]:
    """Return a site's tensors and the output that the documentation gives them."""
    tensors = site.tensors
    if not site.defined:
        return {}
    doubles = {name: array.astype(np.float64) for name, array in tensors.items()}
    return {**tensors, "y": np.asarray(output(site, doubles))}


def output(site: Site, tensors: Mapping[str, Array]) -> Array:
    """Compute an operation by its documented formula."""
    x, size = tensors["x"], site.output[-2:]
    if site.rule in formulas.RULES:
        return formulas.linear(x, site.rule, *size)
    if site.rule in BY_SIZE:
        return BY_SIZE[site.rule](x, *size)
    if site.rule in BY_BLOCK:
        return BY_BLOCK[site.rule](x, 2)
    if site.rule == "crop":
        x = x[0] if x.ndim == 5 else x
    name = "crop_indexed" if "boxes" in tensors else site.rule
    function, *names = BY_TENSORS[name]
    return function(x, *(tensors[key] for key in names), site.settings)


def row(name: str, since: int, site: Site) -> dict[str, object]:
    """Return a line of the manifest."""
    return {
        "file": name,
        "where": site.where,
        "op": site.op,
        "since": since,
        "attributes": ";".join(f"{key}={text(value)}" for key, value in site.attributes.items()),
        "input_shape": site.input_shape or "x".join(map(str, site.tensors["x"].shape)),
        "output_shape": site.output_shape or "x".join(map(str, site.output)),
        "pytorch": site.pytorch,
        "source": site.source,
    }


def text(value: Any) -> str:  # noqa: ANN401 - whatever an attribute holds
    """Write an attribute's value."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(np.float32(value)) if isinstance(value, float) else str(value)


def write(folder: Path) -> None:
    """Write the models, the manifest and the arrays."""
    rows, kept = [], {}
    for variant in variants():
        path = folder / variant.name
        coreml_packages.save(variant.make(), path)
        since = ct.models.utils.load_spec(str(path)).specificationVersion
        for site in variant.sites:
            rows.append(row(variant.name, since, site))
            for key, array in arrays(site).items():
                kept[f"{variant.name}:{site.where}:{key}"] = array.astype(np.float32)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    np.savez_compressed(folder / "variants.npz", **kept)  # type: ignore[arg-type]
    print(f"{len({line['file'] for line in rows})} models, {len(rows)} operations")


def check(folder: Path) -> int:
    """Compare the files, the calls and the formulas; return how many disagree."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        told = {(line["file"], line["where"]): line for line in csv.DictReader(file)}
    faults = list(texts())
    counts: Counter[str] = Counter()
    for variant in variants():
        spec = ct.models.utils.load_spec(str(folder / variant.name))
        found = {op.where: op for op in coreml_read.operations(spec)}
        resampling = {op.where for op in found.values() if op.resamples}
        wheres = {site.where for site in variant.sites}
        if resampling != wheres:
            faults.append(f"{variant.name}: has {sorted(resampling)}, not {sorted(wheres)}")
            continue
        for site in variant.sites:
            line = told[variant.name, site.where]
            wrong = [*file_faults(site, found[site.where], line), *call_faults(site)]
            faults.extend(f"{variant.name} {site.where}: {fault}" for fault in wrong)
            counts["defined" if site.defined else "undefined"] += 1
            counts["with a call" if site.pytorch else "without"] += 1
    print("\n".join(faults))
    print(f"{len(faults)} faults;", dict(counts))
    return len(faults)


def texts() -> Iterator[str]:
    """Yield where MIL's formulas and those of NeuralNetwork.proto differ."""
    for rule, points in formulas.RULES.items():
        for size in range(1, 13):
            for count in range(2, 13):
                if not np.allclose(points(size, count), formulas.spaced(rule, size, count)):
                    yield f"{rule} {size} to {count}: MIL and proto differ"


def file_faults(site: Site, op: coreml_read.Operation, line: dict[str, str]) -> Iterator[str]:
    """Yield where a file differs from its site and its line."""
    if op.kind != site.op or line["op"] != site.op:
        yield f"is {op.kind}"
    for key, value in site.attributes.items():
        if text(op.attributes.get(key)) != text(value):
            yield f"{key} is {op.attributes.get(key)!r}, not {value!r}"
    left = set(op.attributes) - set(site.attributes) - {*site.tensors, *site.unlisted}
    if left:
        yield f"has {sorted(left)} too"
    if op.shape and not site.output_shape and op.shape != site.output:
        yield f"gives {op.shape}, not {site.output}"


def call_faults(site: Site) -> Iterator[str]:
    """Yield where PyTorch differs from the documented formula."""
    told = arrays(site)
    if not told:
        if site.pytorch:
            yield "has a call, but no documented value"
        return
    y = told.pop("y")
    if y.shape != site.output:
        yield f"the formula gives {y.shape}"
        return
    tensors = {name: torch.from_numpy(array.astype(np.float64)) for name, array in told.items()}
    if site.pytorch:
        known = {"torch": torch, "F": F, "torchvision": TORCHVISION, **tensors}
        torch.set_default_dtype(torch.float64)
        got = eval(site.pytorch, known).numpy()  # noqa: S307 - the expressions are ours
        torch.set_default_dtype(torch.float32)
        if got.shape != y.shape or not np.allclose(got, y, rtol=0, atol=2e-6):
            yield f"{site.pytorch}: {abs(got - y).max() if got.shape == y.shape else got.shape}"
    elif site.op not in {"resample", "affine", "crop_resize", "cropResize"}:
        x = tensors["x"] if tensors["x"].ndim == 4 else tensors["x"][None]
        for options in MODES:
            got = F.interpolate(x, size=y.shape[-2:], **options).numpy().reshape(-1)
            if got.size == y.size and np.allclose(got, y.reshape(-1), rtol=0, atol=1e-6):
                yield f"is {options}"


def roi_align(  # noqa: PLR0913, PLR0917 - torchvision's
    x: torch.Tensor, boxes: torch.Tensor, size: tuple[int, int], scale: float, ratio: int,
    aligned: bool,  # noqa: FBT001 - torchvision's
) -> torch.Tensor:  # fmt: skip
    """Return what torchvision.ops.roi_align does, by ONNX's operator."""
    mode = "half_pixel" if aligned else "output_half_pixel"
    node = helper.make_node(
        "RoiAlign", ["x", "rois", "batch"], ["y"], output_height=size[0], output_width=size[1],
        sampling_ratio=ratio, spatial_scale=scale, coordinate_transformation_mode=mode,
    )  # fmt: skip
    kinds = {"x": TensorProto.FLOAT, "rois": TensorProto.FLOAT, "batch": TensorProto.INT64}
    inputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds.items()]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", inputs, [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    feeds = {"x": x, "rois": boxes[:, 1:], "batch": boxes[:, 0]}
    types = {"x": np.float32, "rois": np.float32, "batch": np.int64}
    (y,) = session.run(None, {name: feeds[name].numpy().astype(types[name]) for name in feeds})
    return torch.from_numpy(y)


TORCHVISION = SimpleNamespace(ops=SimpleNamespace(roi_align=roi_align))


def main() -> int:
    """Write the models or check them."""
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    folder = Path(sys.argv[-1])
    if "--check" in sys.argv[1:]:
        return min(1, check(folder))
    folder.mkdir(parents=True, exist_ok=True)
    write(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
