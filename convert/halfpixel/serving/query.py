"""The settings of a check as parameters of an address: read, and described, from one place.

A field is a parameter: its name in words joined by hyphens, as the option of the command is called;
its type, bounds and text are what is read and what the description of the service says of it.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, TypeVar, cast

import msgspec
from msgspec import Meta, Struct

from halfpixel.rule import Severity
from halfpixel.serving.refused import Refused
from halfpixel.work import MOST

Text = Annotated[str, Meta(min_length=1, max_length=400)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=64)]
Form = Literal["json", "sarif", "html"]


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="kebab"):
    """What every check can be told.

    Attributes:
        form: the format of the report.
        select: rules to ask.
        ignore: rules to leave out.
        expect: what is meant.
        target: runtimes that the model is to run on.
        shape: lengths of inputs.
        severity: the mildest severity that is reported.
        fail_on: the mildest severity that a model fails by.
        max_work: steps of exact work.
        ignore_suppressions: what nodes suppress is found all the same.
    """

    form: Annotated[
        Form | None, Meta(description="The format of the report, whatever Accept says.")
    ] = msgspec.field(default=None, name="format")
    select: Annotated[
        Texts, Meta(description="Rules to ask (names or patterns); several by commas.")
    ] = ()
    ignore: Annotated[Texts, Meta(description="Rules to leave out; several by commas.")] = ()
    expect: Annotated[
        Texts, Meta(description="What is meant: [NODE:]KEY=VALUE, as align_corners=false.")
    ] = ()
    target: Annotated[
        Texts, Meta(description="Names of runtimes that the model is to run on, as tensorrt.")
    ] = ()
    shape: Annotated[
        Texts, Meta(description="Lengths of an input at which to judge: NAME=1x3x64x64.")
    ] = ()
    severity: Annotated[
        Severity | None,
        Meta(description="The mildest severity that is reported; note if not said."),
    ] = None
    fail_on: Annotated[
        Severity | None, Meta(description="The mildest severity that a model fails by; warning.")
    ] = None
    max_work: Annotated[
        Annotated[int, Meta(ge=1, le=MOST)] | None,
        Meta(description="Steps of exact work that the model may take."),
    ] = None
    ignore_suppressions: Annotated[
        bool, Meta(description="What the metadata of nodes suppresses is found all the same.")
    ] = False


class UploadQuery(Settings, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="kebab"):
    """Parameters of an upload.

    Attributes:
        name: what the model is called.
    """

    name: Annotated[
        Text | None,
        Meta(
            description="What the model of a raw body is called, or which file of several it is. "
            "Its ending says its format; model.onnx if not said."
        ),
    ] = None


class ReferenceQuery(
    Settings, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="kebab"
):
    """Parameters of a check of a model that is somewhere already.

    Attributes:
        model: where.
    """

    model: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2000,
            description="A path below a folder that is served, or an address that is allowed.",
        ),
    ]


T = TypeVar("T", bound=Settings)
LISTS: Final = frozenset({"select", "ignore", "expect", "target", "shape"})
"""Parameters that may come several times."""

BY_COMMAS: Final = frozenset({"select", "ignore"})
"""Those of them that hold several by commas, as on the command line."""


def read_query(pairs: Iterable[tuple[str, str]], kind: type[T]) -> T:
    """Return parameters as values.

    Args:
        pairs: names and texts, decoded, in order.
        kind: which parameters there are.

    Raises:
        Refused: 400: an unknown one, one twice that is one, or a value that it does not take.

    >>> read_query([("select", "a,b"), ("fail-on", "error")], UploadQuery).select
    ('a', 'b')
    """
    given: dict[str, object] = {}
    for name, text in pairs:
        if name in LISTS:
            parts = text.split(",") if name in BY_COMMAS else [text]
            cast("list[str]", given.setdefault(name, [])).extend(part.strip() for part in parts)
        elif name in given:
            raise Refused(400, f"parameter {name!r} comes twice")
        else:
            given[name] = text
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(400, f"parameters: {error}") from None


def described(kind: type[Settings]) -> list[dict[str, object]]:
    """Return parameters as OpenAPI describes them."""
    _, parts = msgspec.json.schema_components([kind], ref_template="#/{name}")
    whole = cast("Mapping[str, object]", parts[kind.__name__])
    required = cast("list[str]", whole.get("required", []))
    out: list[dict[str, object]] = []
    for name, schema in cast("Mapping[str, dict[str, object]]", whole["properties"]).items():
        said = dict(schema)
        parameter: dict[str, object] = {"name": name, "in": "query"}
        parameter["description"] = said.pop("description")
        if name in required:
            parameter["required"] = True
        said.pop("default", None)
        if "anyOf" in said:  # a query holds no null
            listed = cast("list[dict[str, object]]", said.pop("anyOf"))
            said.update(next(one for one in listed if one.get("type") != "null"))
        if "enum" in said:
            said["enum"] = [one for one in cast("list[object]", said["enum"]) if one is not None]
        out.append({**parameter, "schema": said})
    return out
