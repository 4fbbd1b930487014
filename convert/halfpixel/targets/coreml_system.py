"""A Core ML system as a target: what the specification that it runs has, by the conventions.

An operator of a Core ML model is held against the version that it came with, one of an ONNX
model against what Core ML can say of it at that version.
"""

from msgspec import Struct

from halfpixel.dialect import CORE_ML, ML_PROGRAM, NEURAL_NETWORK, ONNX, SYSTEMS, Dialect
from halfpixel.errors import ConventionError
from halfpixel.sampling import AffineGrid, ConvTranspose, GridSample, Resize, RoiAlign
from halfpixel.site import Operation

SOURCES = {
    ML_PROGRAM.name: "apple/coremltools 9.0, converters/mil/mil/ops/defs/iOS15, iOS16, iOS17: "
    "image_resizing.py",
    NEURAL_NETWORK.name: "apple/coremltools 9.0, mlmodel/format/NeuralNetwork.proto and "
    "mlmodel/src/Format.hpp",
}
"""Where the conventions read what each version has."""


class System(Struct, frozen=True):
    """A Core ML system.

    Attributes:
        dialect: ML Program or neural network.
        specification: the newest specification version that it runs.
    """

    dialect: Dialect
    specification: int

    @property
    def name(self) -> str:
        """The system in words.

        >>> System(ML_PROGRAM, 7).name
        'iOS 16'
        """
        return f"iOS {SYSTEMS.get(self.specification, '?')}"

    def refuses(self, operation: Operation) -> str | None:
        """Return why an operation does not run there, "" where it does; None where not known."""
        if operation.dialect == ONNX:
            return self._onnx(operation)
        whole = self.refuses_model(operation)
        if whole:
            return whole
        from halfpixel.conventions.coreml.dialects import words_of

        try:
            needed = words_of(self.dialect).floor_of(operation.op, operation.attributes)
        except ConventionError:
            return None
        return self._since(f"{operation.op} with these parameters", needed)

    def refuses_model(self, operation: Operation) -> str:
        """Return why no model that an operation of Core ML stands in runs there; "" where one may.

        >>> from halfpixel.site import Operation
        >>> later = Operation("upsample_bilinear", 8, {}, None, dialect=ML_PROGRAM)
        >>> System(ML_PROGRAM, 7).refuses_model(later)
        'the model is of specification 8, iOS 17, and the newest is 7'
        """
        if operation.dialect == ONNX:
            return ""
        if operation.dialect != self.dialect:
            told = f"it is an operator of an {operation.dialect.name}"
            return f"{told}, and a {self.dialect.name} is wanted"
        if operation.opset > self.specification:
            return f"the model is of {operation.version}, and the newest is {self.specification}"
        return ""

    def _since(self, what: str, needed: int) -> str:
        if needed <= self.specification:
            return ""
        system = SYSTEMS.get(needed, "?")
        return f"{what} came with specification {needed}, iOS {system}"

    def _onnx(self, operation: Operation) -> str | None:
        """Return why nothing of Core ML's says an ONNX operator."""
        operator = operation.operator
        match operator:
            case Resize():
                return self._resize(operation, operator)
            case GridSample() | AffineGrid() if self.dialect == NEURAL_NETWORK:
                return "a neural network has no layer that samples at coordinates"
            case GridSample():
                return _grid(operation, operator)
            case RoiAlign():
                return _boxes(operator)
            case ConvTranspose():
                return ""
            case _:
                return None

    def _resize(self, operation: Operation, resize: Resize) -> str | None:
        from halfpixel.conventions.coreml.dialects import words_of

        ins, outs = operation.lengths
        try:
            say = words_of(self.dialect).words
            words = say(resize, ins, outs, self.specification, operation.scales)
        except ConventionError as error:
            return str(error)
        if words is not None:
            return ""
        return f"no operator of Core ML up to {self.name} is proven to say it"


def _grid(operation: Operation, operator: GridSample) -> str | None:
    from halfpixel.conventions.coreml import mil_grid as coreml_mil_grid

    if operation.rank != 4:
        return f"resample takes images of rank 4, and this has rank {operation.rank}"
    try:
        coreml_mil_grid.resample_words(operator)
    except ConventionError as error:
        return str(error)
    return ""


def _boxes(operator: RoiAlign) -> str | None:
    if operator.mode == "max":
        return "crop_resize does not pool"
    return None


def system_of(dialect: str, specification: object) -> System:
    """Return a system.

    Raises:
        ValueError: there is no such dialect or specification.
    """
    truth = isinstance(specification, bool)
    if not isinstance(specification, int) or truth or specification not in SYSTEMS:
        given = "not given" if specification is None else repr(specification)
        expected = ", ".join(map(str, SYSTEMS))
        raise ValueError(f"specification is {given}, expected one of {expected}")
    for known in CORE_ML:
        if dialect == known.name:
            return System(known, specification)
    raise ValueError(f"dialect is {dialect!r}, expected ML Program or neural network")
