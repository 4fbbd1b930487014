"""Convert F.interpolate by a release of coremltools: ML Programs, and neural networks.

    python of_coremltools.py FOLDER

Runs under Python 3.7 and later.
"""

import sys
import warnings

import coremltools as ct
import numpy as np
import torch
from of_pytorch import Up
from written import Written

warnings.simplefilter("ignore")
CALLS = [
    {"mode": "nearest", "scale_factor": 2.0}, {"mode": "nearest", "scale_factor": 1.5},
    {"mode": "nearest", "size": (9, 5)},
    {"mode": "bilinear", "size": (3, 4), "align_corners": False, "antialias": True},
] + [
    dict(mode="bilinear", align_corners=corners, **lengths)
    for corners in (False, True)
    for lengths in ({"scale_factor": 2.0}, {"size": (9, 5)})
]  # fmt: skip
KINDS = {
    "mlprogram": {"minimum_deployment_target": ct.target.iOS15},
    "neuralnetwork": {"minimum_deployment_target": ct.target.iOS14},
}


def converted(module, x, kind, exported):
    """Return a model; `exported` goes by torch.export, which keeps the calls' names."""
    if exported:
        program = torch.export.export(module, (x,)).run_decompositions({})
        return ct.convert(program, **KINDS[kind])
    traced = torch.jit.trace(module, x)
    return ct.convert(traced, inputs=[ct.TensorType(name="x", shape=x.shape)], **KINDS[kind])


def main():
    """Convert every call in every way."""
    out = Written(sys.argv[1])
    x = torch.from_numpy(np.random.RandomState(7).rand(1, 2, 6, 7).astype(np.float32))
    ways = [(kind, False) for kind in KINDS]
    if hasattr(torch, "export") and int(ct.__version__.split(".")[0]) >= 8:
        ways.append(("mlprogram", True))
    for place, options in enumerate(CALLS):
        for kind, exported in ways:
            told = "%s %s%s" % (options, kind, " by torch.export" if exported else "")
            try:
                y = Up(options).eval()(x).numpy()
                model = converted(Up(options).eval(), x, kind, exported)
                suffix = "mlpackage" if kind == "mlprogram" else "mlmodel"
                name = "%02d-%s%d.%s" % (place, kind, exported, suffix)
                model.save(out.path(name))
            except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
                out.refuse("%s %s" % (options["mode"], kind), error)
                continue
            out.add(name, told, x.numpy(), y)
    out.save()


if __name__ == "__main__":
    main()
