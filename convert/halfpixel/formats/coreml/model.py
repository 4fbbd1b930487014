"""A Core ML model that was read: a package or a file, with every program and network in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from halfpixel.errors import GraphError, ModelFileError
from halfpixel.format import Change, Cut, Ends, Port, Value
from halfpixel.formats.coreml.edit import RECORD, CoremlEdit
from halfpixel.formats.coreml.messages import Program
from halfpixel.formats.coreml.read.declaration import metadata_of, port_of, producer_of, source_of
from halfpixel.formats.coreml.read.layer import NetworkScope
from halfpixel.formats.coreml.read.operation import place_of
from halfpixel.formats.coreml.read.package import KIND, Package, located
from halfpixel.formats.coreml.read.place import MilPlace, Place
from halfpixel.formats.coreml.read.program import (
    MilScope,
    main_first,
    named,
    operation_name,
    scopes,
)
from halfpixel.formats.coreml.read.specification import Leaf, Spec
from halfpixel.formats.protobuf_wire import Malformed, mapped, stamp
from halfpixel.intents.coreml_record import converted
from halfpixel.sampling import Resize

if TYPE_CHECKING:
    from halfpixel.format import Rewritten
    from halfpixel.site import Site

T = TypeVar("T")


@dataclass
class CoremlModel:
    """A model on the disk.

    Attributes:
        package: where its parts lie.
        edit: how it differs from its file.
        version: its specification version.
        leaves: the programs and networks in it.
        function: name of the function that runs unless another is asked for.
        programs: the parsed programs, by the label of their leaf.
    """

    package: Package
    edit: CoremlEdit = field(default_factory=CoremlEdit)
    version: int = field(default=0, init=False)
    leaves: list[Leaf] = field(default_factory=list[Leaf], init=False)
    programs: dict[str, Program] = field(default_factory=dict[str, Program], init=False)
    inputs: tuple[Port, ...] = field(default=(), init=False)
    outputs: tuple[str, ...] = field(default=(), init=False)
    images: frozenset[str] = field(default=frozenset(), init=False)
    metadata: dict[str, str] = field(default_factory=dict[str, str], init=False)
    function: str = field(default="main", init=False)
    places: list[Place] = field(default_factory=list[Place], init=False)
    _seen: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Read it, and remember the file as it is now."""
        self._seen = self._seen or stamp(self.package.spec)
        self.look(self._read)

    def check_unchanged(self) -> None:
        """Refuse a file that is another one since it was read.

        Raises:
            ModelFileError: it is.
        """
        if stamp(self.package.spec) not in {self._seen, None}:
            raise ModelFileError(self.path, "has changed since it was read")

    @property
    def path(self) -> Path:
        """What the user named."""
        return self.package.path

    def look(self, asked: Callable[[Spec], T]) -> T:
        """Ask something of the specification while its file is open.

        Raises:
            ModelFileError: the file is no Core ML model, or is truncated.
            GraphError: a program is impossible.
        """
        path = self.path
        try:
            with mapped(self.package.spec, KIND) as view:
                return asked(Spec(view))
        except Malformed as error:
            raise ModelFileError(path, f"not {KIND}, or truncated: {error}") from error
        except GraphError as error:
            raise GraphError(str(path), error.node, error.reason) from error
        except RecursionError as error:
            raise ModelFileError(path, "blocks or networks are nested too deep") from error

    def _read(self, spec: Spec) -> None:
        self.version, self.leaves = spec.version, spec.leaves
        self.metadata = metadata_of(spec.description)
        declared = spec.description
        self.function = declared.defaultFunctionName or "main"
        main = next(
            (one for one in declared.functions if one.name == declared.defaultFunctionName), None
        )
        features = declared.input if main is None else main.input
        results = declared.output if main is None else main.output
        self.outputs = tuple(one.name for one in results)
        kinds = {one.name: one.type.WhichOneof("type") for one in features}
        self.images = frozenset(name for name, kind in kinds.items() if kind == "imageType")
        for leaf in spec.leaves:
            found = map(_with_intent, self._leaf(spec, leaf))
            self.places += self._with_ends(spec, leaf, found)
        roles = self._roles()
        self.inputs = tuple(port_of(one, roles.get(one.name, "")) for one in features)

    def _leaf(self, spec: Spec, leaf: Leaf) -> list[Place]:
        own = metadata_of(leaf.description) or self.metadata
        producer, source = producer_of(own), "==".join(filter(None, source_of(own)))
        if leaf.kind == "mlProgram":
            changed = self.edit.programs.get(leaf.label)
            program = changed or cast("Program", spec.message("Program", leaf.spans[-1]))
            self.programs[leaf.label] = program
            found = (
                place_of(leaf, scope, index, producer, source)
                for scope in scopes(program, self.package, leaf.version)
                for index in range(len(scope.block.operations))
            )
            return [place for place in found if place is not None]
        scope = NetworkScope(spec, leaf, producer, source, self.edit.layers)
        scope.enter([port_of(one) for one in leaf.description.input])
        return scope.places()

    def _with_ends(self, spec: Spec, leaf: Leaf, places: Iterable[Place]) -> Iterator[Place]:
        """Yield places that say whether anything reads what they make."""
        found = list(places)
        if not found or leaf.label:
            yield from found  # what a model of a pipeline makes, the next one reads
            return
        if leaf.label in self.programs:
            blocks = scopes(self.programs[leaf.label], None, leaf.version)
            read = {name for scope in blocks for name in scope.reads()}
        else:
            read = {name for layer in spec.layers(leaf) for name in layer.inputs}
        declared = {one.name for one in leaf.description.output}
        for place in found:
            free = place.output not in read and place.output in declared
            yield replace(place, last=free and self.in_main(place))

    def _roles(self) -> dict[str, str]:
        """Return what inputs are for, where a site reads them."""
        words = {"resample": ("image", "grid"), "affine": ("image", "theta"),
                 "crop_resize": ("image", "rois", "batch_indices")}  # fmt: skip
        roles: dict[str, str] = {}
        for place in self.places:
            for name, role in zip(place.inputs, words.get(place.site.op, ("image",)), strict=False):
                roles.setdefault(name, role)
        return roles

    @property
    def sites(self) -> "list[Site]":
        """Its resampling sites, in order."""
        return [place.site for place in self.places]

    @property
    def record(self) -> Sequence[str]:
        """What earlier fixes changed, a line each."""
        said = self.metadata.get(RECORD, "") if self.edit.said is None else self.edit.said
        return tuple(said.splitlines())

    @property
    def data_files(self) -> Sequence[str]:
        """Names of the files beside the specification that hold its weights."""
        folder = self.package.folder
        if folder is None:
            return ()
        base = self.package.model_path
        return tuple(
            str(one.relative_to(base)) for one in sorted(base.rglob("*.bin")) if one.is_file()
        )

    @property
    def main(self) -> MilScope | None:
        """The body of the main function of a model that is one ML Program; None for others."""
        if len(self.leaves) != 1 or "" not in self.programs:
            return None
        blocks = scopes(self.programs[""], self.package, self.leaves[0].version)
        named = [scope for scope in blocks if not scope.path]
        asked = (scope for scope in named if scope.function == self.function)
        return next(asked, next(iter(named), None))

    def in_main(self, place: Place) -> bool:
        """Whether a site stands in the body of the main function, and not in a block of it."""
        if not isinstance(place.node, MilPlace):
            return not place.site.graph
        scope, names = place.node.scope, self.programs[place.leaf.label].functions
        main = self.function if self.function in names else min(names, key=main_first)
        return not place.leaf.label and not scope.path and scope.function == main

    @property
    def values(self) -> Sequence[Value]:
        """Values of the main function, in the order in which they are computed."""
        scope = self.main
        if scope is None:
            return ()
        found: list[Value] = []
        for operation in scope.block.operations:
            reads = tuple(
                binding.name
                for argument in operation.inputs.values()
                for binding in argument.arguments
                if binding.name and scope.constant(binding.name) is None
            )
            constant = operation.type == "const" or operation.type.startswith("constexpr_")
            kind = "Constant" if constant else operation.type
            name = operation_name(operation)
            found += [Value(out, name, kind, reads) for out in named(iter(operation.outputs))]
        return tuple(found)

    @property
    def ends(self) -> Sequence[Ends]:
        """The values between which each site stands, in the order of `sites`."""
        whole = self.main is not None
        return tuple(
            Ends(
                p.data,
                p.output,
                whole and isinstance(p.node, MilPlace) and self.in_main(p),
                p.inputs,
            )
            for p in self.places
        )

    def cut(self, site: int, shape: Sequence[int], outs: Sequence[int]) -> Cut:
        """Return one site as a model of its own, in ONNX."""
        from halfpixel.runtimes.mil_as_onnx.cut import cut_out

        return cut_out(self.places[site], shape, outs)

    def rewrite(self, changes: Sequence[Change], newest: int | None) -> "Rewritten":
        """Return the model with changes made, as far as they can be."""
        from halfpixel.formats.coreml.write.rewrite import rewritten

        return rewritten(self, changes, newest)


def _with_intent(place: Place) -> Place:
    """Return a place with what was meant by its site, where that is known."""
    operation = place.site.operation
    if not isinstance(operation.operator, Resize):
        return place
    intent = converted(operation, place.site.name)
    if intent is None:
        return place
    site = replace(place.site, operation=operation.meaning(intent))
    return replace(place, site=site)


def opened(source: object) -> CoremlModel:
    """Return the structure of a model.

    Args:
        source: the path of a .mlpackage or .mlmodel.

    Raises:
        ModelFileError: there is no Core ML model, or it is truncated or unreadable.
        GraphError: a program is impossible.
    """
    return CoremlModel(located(Path(str(source))))
