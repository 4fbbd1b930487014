"""Export F.interpolate by a release of PyTorch: both of its exporters, where it has both.

    python of_pytorch.py OPSETS FOLDER

Runs under Python 3.7 and later.
"""

import io
import sys
import warnings

import numpy as np
import torch
from written import Written

warnings.simplefilter("ignore")
VERSION = tuple(int(n) for n in torch.__version__.split("+")[0].split(".")[:2])
CALLS = [
    {"mode": "nearest", "scale_factor": 2.0}, {"mode": "nearest", "scale_factor": 1.5},
    {"mode": "nearest", "size": (9, 5)}, {"mode": "nearest-exact", "scale_factor": 2.0},
] + [
    dict(mode=mode, align_corners=corners, **lengths)
    for mode in ("bilinear", "bicubic")
    for corners in (False, True)
    for lengths in ({"scale_factor": 2.0}, {"scale_factor": 1.5}, {"size": (9, 5)}, {"size": (1, 1)})
]  # fmt: skip


class Up(torch.nn.Module):
    """One call."""

    def __init__(self, options):
        super(Up, self).__init__()
        self.options = options

    def forward(self, x):
        """Return the call's output."""
        return torch.nn.functional.interpolate(x, **self.options)


class Area(torch.nn.Module):
    """A scripted area resize."""

    def forward(self, x):
        """Return the call's output."""
        return torch.nn.functional.interpolate(x, scale_factor=0.5, mode="area")


class Grid(torch.nn.Module):
    """An affine grid."""

    def __init__(self, corners):
        super(Grid, self).__init__()
        self.corners = corners

    def forward(self, theta):
        """Return the call's output."""
        return torch.nn.functional.affine_grid(theta, (1, 2, 4, 6), align_corners=self.corners)


def exported(module, x, opset, dynamo=False):
    """Return a model's bytes."""
    file = io.BytesIO()
    named = {"input_names": ["x"], "output_names": ["y"], "opset_version": opset}
    if dynamo:
        torch.onnx.export(module, (x,), dynamo=True, verbose=False, **named).save(file)
    else:
        if VERSION >= (2, 5):
            named["dynamo"] = False
        torch.onnx.export(module, (x,), file, **named)
    return file.getvalue()


def converted(body, opset):
    """Return a model that onnx has taken to another opset."""
    import onnx
    from onnx import version_converter

    return version_converter.convert_version(onnx.load_from_string(body), opset).SerializeToString()


def write(out, name, body):
    """Write a model."""
    with open(out.path(name), "wb") as file:
        file.write(body)


def resizes(out, opset, dynamo):
    """Export every resize at an opset, and take those of opset 10 to opset 13."""
    x = torch.from_numpy(np.random.RandomState(7).rand(1, 2, 6, 7).astype(np.float32))
    for place, options in enumerate(CALLS):
        how = "dynamo" if dynamo else "torchscript"
        call = "%s %s opset %d" % (options, how, opset)
        name = "%02d-%s-o%d.onnx" % (place, how, opset)
        try:
            body = exported(Up(options).eval(), x, opset, dynamo)
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse("%s opset %d" % (options["mode"], opset), error)
            continue
        write(out, name, body)
        y = Up(options)(x).numpy()
        out.add(name, call, x.numpy(), y)
        if opset == 10:
            try:
                other = converted(body, 13)
            except Exception as error:  # noqa: BLE001 - onnx may be absent, or refuse
                out.refuse("taken from opset 10 to 13", error)
                continue
            write(out, "%02d-taken-o13.onnx" % place, other)
            out.add("%02d-taken-o13.onnx" % place, call + ", taken to 13", x.numpy(), y)


def others(out):
    """Export what is no resize of a mode that ONNX has."""
    x = torch.rand(1, 2, 6, 8)
    try:
        write(out, "area.onnx", exported(torch.jit.script(Area()), x, 13))
        out.add("area.onnx", "mode=area, scripted", None, None, attributes={"mode": "area"})
    except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
        out.refuse("mode=area, scripted", error)
    for corners in (False, True):
        try:
            write(out, "grid%d.onnx" % corners, exported(Grid(corners), torch.rand(1, 2, 3), 20))
            told = {"attributes": {"align_corners": int(corners)}}
            out.add("grid%d.onnx" % corners, "affine_grid", None, None, **told)
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse("affine_grid opset 20", error)


def main():
    """Export at every opset that is asked for."""
    out = Written(sys.argv[2])
    for opset in map(int, sys.argv[1].split(",")):
        resizes(out, opset, dynamo=False)
    if VERSION >= (2, 5):
        resizes(out, 18, dynamo=True)
    others(out)
    out.save()


if __name__ == "__main__":
    main()
