"""What is in a Core ML model: what it declares, its programs and networks, and its sites."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from halfpixel.format import Port
from halfpixel.formats.coreml.edit import CoremlEdit
from halfpixel.formats.coreml.messages import (
    FeatureDescription,
    MilProgram,
    MilValue,
    ModelDescription,
)
from halfpixel.formats.coreml.read.layer import layers
from halfpixel.formats.coreml.read.network import NetworkScope
from halfpixel.formats.coreml.read.operation import places_in
from halfpixel.formats.coreml.read.package import Package
from halfpixel.formats.coreml.read.place import CoremlPlace, MilPlace
from halfpixel.formats.coreml.read.program import MilScope, main_first, scopes
from halfpixel.formats.coreml.read.specification import Leaf, Spec, specification
from halfpixel.formats.coreml.schema import ARRAY_TYPES
from halfpixel.intents.exporter_habit import meant
from halfpixel.intents.kept_name import named
from halfpixel.origin import Producer
from halfpixel.sampling import Resize
from halfpixel.site import Operation, operation_key
from halfpixel.surroundings import Shape

SOURCE: Final = "com.github.apple.coremltools.source"
VERSION: Final = "com.github.apple.coremltools.version"
COMPONENT: Final = "coremltools-component-"
"""What a framework's name stands behind in an ML Program's own buildInfo."""

COLOURS: Final = {10: 1, 20: 3, 30: 3, 40: 1}
"""Channels of an image, by its colour space."""


@dataclass
class Contents:
    """A model as it was read, or as an edit makes it.

    Attributes:
        package: where its parts lie.
        version: its specification version.
        leaves: the programs and networks in it.
        function: name of the function that runs unless another is asked for.
        metadata: what its makers said of it, by key.
        inputs: what it takes, in order.
        outputs: names of what it makes.
        images: names of the inputs that are declared as images.
        programs: the parsed ML Programs, by the label of their leaf.
        places: its sites, in order.
        producer: which converter wrote it, or the first of its programs that says so.
    """

    package: Package
    version: int
    leaves: list[Leaf]
    function: str
    metadata: dict[str, str]
    inputs: tuple[Port, ...] = ()
    outputs: tuple[str, ...] = ()
    images: frozenset[str] = frozenset()
    programs: dict[str, MilProgram] = field(default_factory=dict[str, MilProgram])
    places: list[CoremlPlace] = field(default_factory=list[CoremlPlace])
    producer: Producer = field(default_factory=Producer)

    @property
    def main(self) -> MilScope | None:
        """The body of the main function of a model that is one ML Program; None for others."""
        if len(self.leaves) != 1 or "" not in self.programs:
            return None
        blocks = scopes(self.programs[""], self.package, self.leaves[0].version)
        bodies = [scope for scope in blocks if not scope.path]
        asked = (scope for scope in bodies if scope.function == self.function)
        return next(asked, next(iter(bodies), None))

    @property
    def network(self) -> Leaf | None:
        """The one neural network that a model is; None for others."""
        single = len(self.leaves) == 1 and not self.leaves[0].label
        return self.leaves[0] if single and self.leaves[0].kind != "mlProgram" else None

    def in_main(self, place: CoremlPlace) -> bool:
        """Whether a site stands in the body of the main function, and not in a block of it."""
        if not isinstance(place.node, MilPlace):
            return not place.site.graph
        scope, names = place.node.scope, self.programs[place.leaf.label].functions
        main = self.function if self.function in names else min(names, key=main_first)
        return not place.leaf.label and not scope.path and scope.function == main


def contents_of(
    package: Package, edit: CoremlEdit, shapes: Mapping[str, Shape] | None = None
) -> Contents:
    """Read a model.

    Args:
        package: where it lies.
        edit: how it differs from its file.
        shapes: lengths that inputs have, by name, in the place of the declared ones.

    Raises:
        ModelFileError: the file is no Core ML model, or is truncated.
        GraphError: a program is impossible.
    """
    with specification(package) as spec:
        declared = spec.description
        name = declared.defaultFunctionName
        function = next((one for one in declared.functions if one.name == name), None)
        features = declared.input if function is None else function.input
        results = declared.output if function is None else function.output
        found = Contents(package, spec.version, spec.leaves, name or "main", metadata_of(declared))
        found.producer = producer_of(found.metadata)
        found.outputs = tuple(one.name for one in results)
        kinds = {one.name: one.type.WhichOneof("type") for one in features}
        found.images = frozenset(name for name, kind in kinds.items() if kind == "imageType")
        alike: dict[object, Operation] = {}
        for leaf in spec.leaves:
            places = map(_with_intent, _places(found, spec, leaf, edit, shapes or {}))
            found.places += [
                _shared(one, alike) for one in _with_readers(found, spec, leaf, places)
            ]
        roles = _roles(found.places)
        found.inputs = tuple(port_of(one, roles.get(one.name, "")) for one in features)
    return found


def _places(
    found: Contents, spec: Spec, leaf: Leaf, edit: CoremlEdit, shapes: Mapping[str, Shape]
) -> list[CoremlPlace]:
    """Return the sites of a program or network; a program is kept parsed."""
    own = metadata_of(leaf.description) or found.metadata
    program = None
    if leaf.kind == "mlProgram":
        program = edit.programs.get(leaf.label) or spec.message(MilProgram, leaf.spans[-1])
        found.programs[leaf.label] = program
        own = own if VERSION in own else {**build_info(program), **own}
    producer, source = producer_of(own), "==".join(filter(None, source_of(own)))
    found.producer = found.producer if found.producer.name else producer
    if program is not None:
        blocks = scopes(program, found.package, leaf.version)
        return [one for block in blocks for one in places_in(leaf, block, producer, source)]
    scope = NetworkScope(spec, leaf, producer, source, edit.layers)
    ports = map(port_of, leaf.description.input)
    scope.enter([replace(one, shape=shapes.get(one.name, one.shape)) for one in ports])
    return scope.places()


def _with_readers(
    found: Contents, spec: Spec, leaf: Leaf, places: Iterable[CoremlPlace]
) -> Iterator[CoremlPlace]:
    """Yield places that say whether anything reads what they make."""
    here = list(places)
    if not here or leaf.label:
        yield from here  # what a model of a pipeline makes, the next one reads
        return
    if leaf.label in found.programs:
        blocks = scopes(found.programs[leaf.label], None, leaf.version)
        read = {name for scope in blocks for name in scope.reads()}
    else:
        read = {name for layer in layers(spec, leaf) for name in layer.inputs}
    declared = {one.name for one in leaf.description.output}
    for place in here:
        free = place.output not in read and place.output in declared
        yield replace(place, last=free and found.in_main(place))


def _roles(places: Iterable[CoremlPlace]) -> dict[str, str]:
    """Return what inputs are for, where a site reads them."""
    words = {"resample": ("image", "grid"), "affine": ("image", "theta"),
             "crop_resize": ("image", "rois", "batch_indices")}  # fmt: skip
    roles: dict[str, str] = {}
    for place in places:
        for name, role in zip(place.inputs, words.get(place.site.op, ("image",)), strict=False):
            roles.setdefault(name, role)
    return roles


def _shared(place: CoremlPlace, alike: dict[object, Operation]) -> CoremlPlace:
    """Return a place whose operation is that of all that are like it: it is judged once."""
    operation = place.site.operation
    known = alike.setdefault(operation_key(operation), operation)
    if known is operation:
        return place
    return replace(place, site=replace(place.site, operation=known))


def _with_intent(place: CoremlPlace) -> CoremlPlace:
    """Return a place with what was meant by its site, where that is known."""
    operation = place.site.operation
    if not isinstance(operation.operator, Resize):
        return place
    intent = named(operation) or meant(operation, place.site.name)
    if intent is None:
        return place
    site = replace(place.site, operation=operation.meaning(intent))
    return replace(place, site=site)


def metadata_of(description: ModelDescription) -> dict[str, str]:
    """Return the user-defined metadata."""
    return dict(description.metadata.userDefined)


def build_info(program: MilProgram) -> dict[str, str]:
    """Return what an ML Program says of its making, by the names that user-defined metadata has."""
    if "buildInfo" not in program.attributes:
        return {}
    pairs = program.attributes["buildInfo"].immediateValue.dictionary.values
    told = {_only_text(pair.key): _only_text(pair.value) for pair in pairs}
    found = {VERSION: told["coremltools-version"]} if told.get("coremltools-version") else {}
    sources = [name for name in told if name.startswith(COMPONENT)]
    if len(sources) == 1:
        found[SOURCE] = f"{sources[0].removeprefix(COMPONENT)}=={told[sources[0]]}"
    return found


def _only_text(value: MilValue) -> str:
    return "".join(value.immediateValue.tensor.strings.values)


def port_of(feature: FeatureDescription, role: str = "") -> Port:
    """Return a declared input."""
    kind = feature.type.WhichOneof("type")
    if kind == "imageType":
        image = feature.type.imageType
        fixed = image.WhichOneof("flexible") is None
        lengths = (image.height, image.width) if fixed else (None, None)
        channels = COLOURS.get(image.colorSpace)
        return Port(feature.name, "float32", (1, channels, *lengths), "image")
    if kind != "multiArrayType":
        return Port(feature.name, role=role)
    array = feature.type.multiArrayType
    dtype = ARRAY_TYPES.get(array.dataType, "")
    return Port(feature.name, dtype, _array_shape(feature), role)


def _array_shape(feature: FeatureDescription) -> Shape | None:
    array = feature.type.multiArrayType
    match array.WhichOneof("flexible"):
        case "enumeratedShapes":
            shapes = [tuple(int(n) for n in one.shape) for one in array.enumeratedShapes.shapes]
            if len({len(one) for one in shapes}) != 1:
                return None
            columns = zip(*shapes, strict=True)
            return tuple(lengths[0] if len(set(lengths)) == 1 else None for lengths in columns)
        case "shapeRange":
            return tuple(
                int(one.lowerBound) if one.lowerBound == one.upperBound else None
                for one in array.shapeRange.sizeRanges
            )
        case _:
            return tuple(int(n) if n > 0 else None for n in array.shape) or None


def producer_of(metadata: Mapping[str, str]) -> Producer:
    """Return which converter wrote a model, with its own version.

    >>> producer_of({VERSION: "9.0", SOURCE: "torch==2.13.0"}).version
    (9, 0)
    >>> producer_of({VERSION: "9" * 5000}).version is None
    True
    """
    if VERSION not in metadata and SOURCE not in metadata:
        return Producer()
    major, _, rest = metadata.get(VERSION, "").partition(".")
    minor = rest.partition(".")[0]
    digits = "".join(c for c in minor if c.isdecimal())
    known = major.isdecimal() and minor[:1].isdecimal() and max(len(major), len(digits)) < 10
    return Producer("coremltools", (int(major), int(digits)) if known else None)


def source_of(metadata: Mapping[str, str]) -> tuple[str, str]:
    """Return the framework that a model was converted from, and its version.

    >>> source_of({SOURCE: "torch==2.13.0"})
    ('torch', '2.13.0')
    """
    name, _, version = metadata.get(SOURCE, "").partition("==")
    return name, version
