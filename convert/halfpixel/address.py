r"""Addresses: names of files that are not on this disk, as fsspec spells them.

``s3://bucket/model.onnx``, ``https://host/model.onnx``, ``zip://model.onnx::archive.zip``. A
``pathlib.Path`` would make ``s3:/bucket`` of ``s3://bucket``, so an address is a type of its own,
which keeps the text as it was given. What is shown of it has no secrets in it: ``str`` leaves the
user, the password and the query out, in which tokens and signatures are.

Source: RFC 3986, sections 3.1 to 3.4; fsspec, "URL chaining".
"""

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

_PROTOCOL: Final = r"[A-Za-z][A-Za-z0-9+.-]+"
_ADDRESS: Final = rf"(?:{_PROTOCOL}::)*({_PROTOCOL})://"
_SECRETS: Final = rf"({_PROTOCOL}://)(?:[^\s/?#'\"]*@)?([^\s?#'\"]*)(\?[^\s'\"]*)?(#\S*)?"
_LOCAL: Final = ("file://", "local://")
_MODEL: Final = r"(?s)(.*?\.(?:onnx|mlmodel|mlpackage|tflite|lite|litertlm|task)):([^:].*)"
"""Patterns are compiled by the first address: a check of files needs none."""

WEB: Final = ("http", "https")


def is_address(text: str) -> bool:
    r"""Whether a text is an address, and not the path of a file.

    >>> is_address("s3://bucket/m.onnx"), is_address("zip://m.onnx::a.zip")
    (True, True)
    >>> is_address("m.onnx"), is_address("C:\\m.onnx"), is_address("package.module:factory")
    (False, False, False)
    """
    return "://" in text and re.match(_ADDRESS, text) is not None


def without_secrets(text: str) -> str:
    """Return a text whose addresses have no user, password, query or fragment.

    >>> without_secrets("https://me:word@host/m.onnx?X-Amz-Signature=12 is gone")
    'https://host/m.onnx?... is gone'
    >>> without_secrets("zip://m.onnx::https://host/a.zip?token=12")
    'zip://m.onnx::https://host/a.zip?...'
    """
    if "://" not in text:
        return text
    return re.sub(_SECRETS, lambda found: found[1] + found[2] + ("?..." if found[3] else ""), text)


class Address(Struct, frozen=True):
    """The name of a file elsewhere; nothing is read until it is opened.

    Attributes:
        text: the address as it was given, secrets included: never shown.
    """

    text: str

    def __str__(self) -> str:
        """Return what is shown of it."""
        return without_secrets(self.text)

    def __repr__(self) -> str:
        """Return what is shown of it."""
        return f"Address({str(self)!r})"

    @property
    def protocol(self) -> str:
        """What it begins with; of a chain, the first.

        >>> Address("S3://bucket/m.onnx").protocol, Address("simplecache::s3://b/m").protocol
        ('s3', 'simplecache')
        """
        return re.split("::|://", self.text, maxsplit=1)[0].lower()

    @property
    def own(self) -> str:
        """The part of the text that names the file: without a query, and without a chain's rest.

        >>> Address("https://host/m.onnx?sig=1").own, Address("zip://m.onnx::a.zip").own
        ('https://host/m.onnx', 'zip://m.onnx')
        """
        links = self.text.split("::")
        first = next((link for link in links if "://" in link), self.text)
        return re.split("[?#]", first, maxsplit=1)[0] if self._of_web else first

    @property
    def _of_web(self) -> bool:
        return self.protocol in WEB

    @property
    def name(self) -> str:
        """The last part of its path.

        >>> Address("https://host/models/m.onnx?sig=1").name
        'm.onnx'
        """
        return self.own.partition("://")[2].rstrip("/").rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its last ending."""
        return Path(self.name).stem

    @property
    def suffix(self) -> str:
        """The last ending of the name."""
        return Path(self.name).suffix

    def with_name(self, name: str) -> "Address":
        """Return the address of a file beside it; a query goes along.

        >>> str(Address("s3://bucket/a/m.onnx").with_name("w.bin"))
        's3://bucket/a/w.bin'
        """
        own = self.own
        head = own.rstrip("/").removesuffix(self.name)
        return Address(self.text.replace(own, head + name, 1))

    def joined(self, name: str) -> "Address":
        """Return the address of a file in the folder that it is.

        >>> str(Address("s3://bucket/a.mlpackage/").joined("Manifest.json"))
        's3://bucket/a.mlpackage/Manifest.json'
        """
        own = self.own
        return Address(self.text.replace(own, f"{own.rstrip('/')}/{name}", 1))


def is_plain(name: str) -> bool:
    """Whether a name that a file says is one below its own folder, in every kind of address.

    >>> is_plain("data/w.bin"), is_plain("../w.bin"), is_plain("w::http://host/x"), is_plain("a%2e")
    (True, False, False, False)
    """
    parts = name.split("/")
    return not any(part in {"", ".", ".."} for part in parts) and not re.search(
        r"::|://|[\\?#%\x00-\x1f]", name
    )


Location = Path | Address
"""Where a file is: on this disk, or elsewhere."""


def location(text: str) -> Location:
    """Return where the file is that a text names.

    >>> location("s3://bucket/m.onnx"), location("file:///a/m.onnx").name
    (Address('s3://bucket/m.onnx'), 'm.onnx')
    """
    for local in _LOCAL:
        if text.startswith(local):
            return Path(text.removeprefix(local))
    return Address(text) if is_address(text) else Path(text)


def name_of(source: object) -> str:
    """Return what a model is called in reports; of one that is no file, ``<model>``.

    >>> name_of(Path("m.onnx")), name_of("https://me:word@host/m.onnx"), name_of(object())
    ('m.onnx', 'https://host/m.onnx', '<model>')
    """
    if isinstance(source, str):
        return str(location(source))
    return str(source) if isinstance(source, Path | Address) else "<model>"


def node_in(text: str) -> tuple[str, str]:
    """Return the address of a model and the node in it that a text names, as ``ADDRESS:NODE``.

    >>> node_in("s3://bucket/m.onnx:/model/up")
    ('s3://bucket/m.onnx', '/model/up')
    >>> node_in("http://host:80/m.onnx")
    ('http://host:80/m.onnx', '')
    """
    found = re.fullmatch(_MODEL, text)
    return (found[1], found[2]) if found else (text, "")
