"""torchvision on tensors: v1 and v2, functions and modules, the shorter side."""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import PLANES, Case, Lengths, Oracle


def names() -> dict[str, Any]:
    """Return what the calls of both tables ask for."""
    transforms = import_module("torchvision.transforms")
    import_module("torchvision.transforms.v2")
    return {
        "torch": import_module("torch"),
        "torchvision": import_module("torchvision"),
        "Image": import_module("PIL.Image"),
        "transforms": transforms,
        "InterpolationMode": transforms.InterpolationMode,
    }


def version() -> str:
    """Return the release that is installed."""
    return f"torchvision {import_module('torchvision').__version__.partition('+')[0]}"


X = "torch.from_numpy(x)[None]"
CALLS = {
    "v1": f"transforms.functional.resize({X}, [{{h}}, {{w}}], InterpolationMode.",
    "v2": f"transforms.v2.functional.resize({X}, [{{h}}, {{w}}], InterpolationMode.",
}
SHORTER: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 7), (0, 0)), ((3, 3), (0, 0)), ((9, 2), (0, 0)),
)  # fmt: skip
FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))

ORACLE = Oracle(
    "torchvision (tensors)",
    "torchvision",
    version,
    names,
    (
        *(
            Case(f"{call}{mode}, antialias={antialias})[0]", pairs=FEWER, bound=1e-5)
            for call in CALLS.values()
            for mode in ("BILINEAR", "BICUBIC")
            for antialias in (True, False, None)
        ),
        *(
            Case(f"{call}{mode})[0]", pairs=FEWER, bound=1e-5, ties=mode.startswith("NEAREST"))
            for call in CALLS.values()
            for mode in ("BILINEAR", "NEAREST", "NEAREST_EXACT")
        ),
        Case(f"{CALLS['v2']}LANCZOS)[0]", bound=1e-5),
        Case(f"transforms.Resize(({{h}}, {{w}}))({X})[0]", pairs=FEWER, bound=1e-5),
        Case(f"transforms.v2.Resize([{{h}}, {{w}}], interpolation=3)({X})[0]", pairs=FEWER,
             bound=1e-5),
        *(
            Case(f"transforms.{more}({X})[0]", planes=SHORTER[:3], bound=1e-5)
            for more in ("Resize(3)", "v2.Resize(5, antialias=False)", "Resize([2], max_size=3)")
        ),
        Case(f"transforms.v2.Resize(None, max_size=4)({X})[0]", planes=PLANES[:2], bound=1e-5),
    ),
)  # fmt: skip
