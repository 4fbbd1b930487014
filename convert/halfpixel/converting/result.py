"""What a conversion is asked for, and what came of it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct, field

from halfpixel.checking.result import SiteFinding
from halfpixel.converting.free_axes import FreeAxes
from halfpixel.errors import UsageError
from halfpixel.format import Outcome
from halfpixel.intents.exported_program import GraphCall
from halfpixel.intents.policy import Policy
from halfpixel.site import Site
from halfpixel.verifying.measure import TOLERANCES, Tolerance

if TYPE_CHECKING:
    import onnx

    from halfpixel.arrays import Array
    from halfpixel.verifying.result import Verification


NEURAL: Final = ".mlmodel"
COREML: Final = (".mlpackage", NEURAL)
LITERT: Final = ".tflite"
MODELS: Final = (".onnx", *COREML, ".mlmodelc", LITERT)
"""How names of models end: those that coremltools and litert-torch write, and all that are read."""

Exporter = Literal["dynamo", "torchscript"]
EXPORTERS: Final[tuple[Exporter, ...]] = ("dynamo", "torchscript")


def parse_exporter(text: str | None) -> Exporter | None:
    """Return PyTorch's exporter of a name.

    Raises:
        UsageError: it has no such exporter.
    """
    if text is None:
        return None
    for name in EXPORTERS:
        if name == text:
            return name
    raise UsageError(f"--exporter {text!r}: expected {' or '.join(EXPORTERS)}")


class InputSpec(Struct, frozen=True):
    """One input of the module.

    Attributes:
        shape: its lengths while exporting.
        name: its name; empty for the parameter at its place.
        dtype: its element type.
    """

    shape: tuple[int, ...]
    name: str = ""
    dtype: str = "float32"


DTYPES = frozenset(
    {"float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool"}
)


def parse_input(text: str) -> InputSpec:
    """Return what `[NAME=]1x3x8x8[:dtype]` spells.

    Raises:
        UsageError: a text that is none.

    >>> parse_input("mask=1x8x8:bool")
    InputSpec(shape=(1, 8, 8), name='mask', dtype='bool')
    """
    head, equals, rest = text.partition("=")
    name, body = (head, rest) if equals else ("", text)
    listed, colon, dtype = body.partition(":")
    parts = listed.split("x")
    whole = all(part.isdigit() and int(part) > 0 for part in parts)
    if (equals and not name) or not whole or (colon and dtype not in DTYPES):
        types = ", ".join(sorted(DTYPES))
        raise UsageError(f"--input {text!r}: expected [NAME=]1x3x64x64[:TYPE], TYPE of {types}")
    return InputSpec(tuple(int(part) for part in parts), name, dtype or "float32")


class ConvertSettings(Struct, frozen=True):
    """How a model is converted.

    Attributes:
        inputs: what the module takes.
        dynamic: axes that are free in the file.
        opset: newest opset of the file; None for the exporter's own.
        exporter: dynamo or torchscript; None for what fits the source.
        targets: what the file is to run on, as `check --target` has it.
        policies: what is meant, as `--expect` has it.
        unsafe: fixes that rest on an assumption are made too.
        force: a file that failed verification is written all the same.
        tolerances: what counts as equal, by element type.
        providers: where it is verified, beside onnxruntime's CPU provider.
        fallback: a node that a provider leaves to the CPU is no error.
        limits: range of made inputs; None for the usual one.
        arrays: arrays to verify with, case by case; the first one is what is exported at.
        input_names: what the inputs are called in the file, in order; empty for their own names.
        output_names: what the outputs are called, likewise.
        fast: the file is run as exported alone, and not at other lengths.
    """

    inputs: tuple[InputSpec, ...] = ()
    dynamic: FreeAxes = FreeAxes()
    opset: int | None = None
    exporter: Exporter | None = None
    targets: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()
    unsafe: bool = False
    force: bool = False
    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: TOLERANCES)
    providers: tuple[str, ...] = ()
    fallback: bool = False
    limits: tuple[float, float] | None = None
    arrays: "tuple[Mapping[str, Array], ...]" = ()
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    fast: bool = False


class CallSite(Struct, frozen=True):
    """A call that PyTorch's own graph made, and the site that it became.

    Attributes:
        call: the call; None for a site that no call was found for.
        site: the site in the file that was written; None where there is none.
        note: why there is only one of them, or that the call was written in other operators.
        changes: what was changed at the site.
    """

    call: GraphCall | None
    site: Site | None
    note: str = ""
    changes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of converting one model.

    Attributes:
        source: what was converted, as it was named.
        output: the file that was written; empty where none was.
        exporter: dynamo, torchscript, coreml, litert or onnx2tf.
        opset: of the file, where it is ONNX.
        sites: calls and sites, in order.
        changes: what was changed in what the exporter wrote.
        declined: what was not, and why.
        remaining: errors and warnings that check still has to say of the file.
        narrower: free lengths at which the file is not the module, which takes them.
        notes: what else there is to say.
        verifications: the file against eager PyTorch, one a provider.
        refused: why there is no file, or why there should be none; empty where all is well.
        proto: the model, where no file was named and nothing is refused.
    """

    source: str
    output: str = ""
    exporter: str = ""
    opset: int | None = None
    sites: tuple[CallSite, ...] = ()
    changes: tuple[Outcome, ...] = ()
    declined: tuple[Outcome, ...] = ()
    remaining: tuple[SiteFinding, ...] = ()
    narrower: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verifications: "tuple[Verification, ...]" = ()
    refused: str = ""
    proto: "onnx.ModelProto | None" = dataclasses.field(default=None, repr=False)

    @property
    def verified(self) -> bool:
        """Whether the file was run, gave numbers that tell something, and they are PyTorch's."""
        ran = self.verifications
        return bool(ran) and all(one.equal for one in ran)

    @property
    def ok(self) -> bool:
        """Whether nothing is refused, which only a file that is verified comes to."""
        return not self.refused

    @property
    def findings(self) -> int:
        """How many errors and warnings are left: of check, and lengths that the file lacks."""
        return len(self.remaining) + len(self.narrower)

    @property
    def model(self) -> "onnx.ModelProto":
        """The converted model, where no file was named.

        Raises:
            UsageError: there is none.
        """
        if self.proto is None:
            raise UsageError(self.refused or f"the model is in the file {self.output}")
        return self.proto
