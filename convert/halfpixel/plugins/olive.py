"""A pass of Olive that sets the resampling operators of an ONNX model right.

Olive takes passes of others from a package configuration::

    import olive
    from halfpixel.plugins.olive import package_config

    olive.run(workflow, package_config=package_config())

where the workflow has ``"passes": {"resampling": {"type": "FixResampling"}}``; for the command
line, ``python -m halfpixel.plugins.olive > packages.json`` writes what
``olive run --config workflow.json --package-config packages.json`` takes. A model that has
nothing to fix is handed on as it is. What was changed is logged under the name "halfpixel".

Source: Olive `olive/package_config.py`, `olive/passes/olive_pass.py` and `olive/cli/run.py`,
release 0.13.0.
"""

import sys

if __name__ == "__main__" and not __package__:  # `import olive` would find this file
    raise SystemExit("this is a module: python -m halfpixel.plugins.olive")

import json
import logging
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from halfpixel.errors import HalfpixelError
from halfpixel.fixing.fix import fix
from halfpixel.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOG: Final = logging.getLogger("halfpixel")
NAME: Final = "FixResampling"
OPTIONS: Final[dict[str, tuple[type, object, str]]] = {
    "unsafe_fixes": (bool, False, "Make fixes that rest on an assumption too."),
    "expect": (list, [], "What is meant, as `halfpixel fix --expect` takes it."),
    "select": (list, [], "Names or patterns of rules to act on; all where empty."),
    "ignore": (list, [], "Names or patterns of rules to leave out."),
}


class _Handler(Protocol):
    """Olive's ONNXModelHandler, as far as it is used here."""

    model_path: str
    model_attributes: object


class _Config(Protocol):
    unsafe_fixes: bool
    expect: list[str]
    select: list[str]
    ignore: list[str]


def package_config() -> dict[str, object]:
    """Return Olive's own package configuration with this pass added to it."""
    default = cast("type", import_module("olive.package_config").OlivePackageConfig)
    path = cast("Callable[[], str]", default.get_default_config_path)()  # type: ignore[attr-defined]
    config = cast("dict[str, object]", json.loads(Path(path).read_text(encoding="utf-8")))
    passes = cast("Mapping[str, object]", config["passes"])
    every = ["*"]
    mine = {
        "module_path": f"halfpixel.plugins.olive.{NAME}",
        "supported_providers": every,
        "supported_accelerators": every,
        "supported_precisions": every,
    }
    return {**config, "passes": {**passes, NAME: mine}}


def _default_config(_cls: type, _accelerator: object) -> dict[str, object]:
    """Return what the pass can be told."""
    parameter = cast(
        "Callable[..., object]", import_module("olive.passes.pass_config").PassConfigParam
    )
    return {
        name: parameter(type_=kind, default_value=value, description=text)
        for name, (kind, value, text) in OPTIONS.items()
    }


def _run_for_config(
    _self: object, model: _Handler, config: _Config, output_model_path: str
) -> _Handler:
    """Write the fixed model; a model that has nothing to fix is handed on."""
    result = fix(
        model.model_path,
        unsafe_fixes=config.unsafe_fixes,
        expect=config.expect,
        select=config.select,
        ignore=config.ignore,
    )
    if result.error is not None:
        raise HalfpixelError(result.error) from result.cause
    for fault in result.faults:
        LOG.warning("%s", fault)
    for change in result.changes:
        LOG.info(printable_line(f"{change.node}: {change.why}: {change.text}"))
    if not result.changed:
        return model
    name = Path(model.model_path).name
    target = Path(output_model_path)
    path = target if target.suffix == ".onnx" else target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    result.save(path)
    handler = cast("Callable[..., _Handler]", import_module("olive.model").ONNXModelHandler)
    return handler(
        model_path=str(path.parent),
        onnx_file_name=path.name,
        model_attributes=model.model_attributes,
    )


def __getattr__(name: str) -> object:
    """Make the pass when Olive asks for it; defining it imports Olive."""
    if name != NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    base = cast("type[object]", import_module("olive.passes").Pass)
    body: dict[str, object] = {
        "__doc__": "Writes every resampling operator of a model as it was meant.",
        "__module__": __name__,
        "_default_config": classmethod(_default_config),
        "_run_for_config": _run_for_config,
    }
    make = cast("Callable[[str, tuple[type, ...], dict[str, object]], type]", type(base))
    made = make(NAME, (base,), body)
    globals()[NAME] = made
    return made


if __name__ == "__main__":
    json.dump(package_config(), sys.stdout, indent=2)
    sys.stdout.write("\n")
