"""Files in object stores and on the web, by obstore.

Sources: obstore 0.12 documentation, "Get", "ClientConfig", "RetryConfig"; object_store, "Url
schemes"; RFC 9110, section 13.1.1 (``If-Match`` takes no weak entity tag).
"""

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from halfpixel.address import WEB, Address
from halfpixel.errors import MissingExtraError, ModelFileError
from halfpixel.quoting import of_uri
from halfpixel.storage.failures import PROTOCOLS, SHORTER, failures
from halfpixel.storage.store import State, check_same

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, ObjectMeta
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3CredentialProvider

CHUNK: Final = 1 << 22
"""Bytes that are handed on at once where all is read."""

RETRIES: Final = 4
SECONDS: Final = 30
"""How often a request is repeated, with a pause that doubles, and for how long."""

_PLAIN: Final = re.compile(r"([a-z]+://[^/?#]+)/((?:[A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]+)")
"""An address of the web with nothing in it that could be spelled otherwise."""

KEYS: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)
"""Variables that say how S3 knows who asks; without any, a profile may."""


class StoredObject:
    """An object of a bucket, or a page of the web."""

    parallel = True

    def __init__(self, address: Address) -> None:
        """Find the store; nothing is asked for."""
        self.address = address
        root, self.key = _parts(address)
        with failures(address):
            self.store = _store(root, _user_of(address))

    def get(self, start: int, stop: int, known: State | None) -> tuple[bytes, State]:
        """Return a range and its state; as `Stored.get`."""
        with failures(self.address):
            found = self._asked(known, {"range": (start, stop)})
            data = bytes(found.bytes())
        now = check_same(self.address, _state(found.meta), known)
        if len(data) != min(stop, now.size) - start:
            raise ModelFileError(self.address, SHORTER)
        return data, now

    def chunks(self, known: State | None) -> Iterator[tuple[bytes, State]]:
        """Yield all of it; as `Stored.chunks`."""
        with failures(self.address):
            found = self._asked(known, {})
            now, count = check_same(self.address, _state(found.meta), known), 0
            for chunk in found.stream(CHUNK):
                count += len(chunk)
                yield bytes(chunk), now
        if count != now.size:
            raise ModelFileError(self.address, SHORTER)

    def state(self) -> State:
        """Return its state, asked for anew."""
        with failures(self.address):
            return _state(self.store.head(self.key))

    def put(self, path: Path) -> None:
        """Let it be what a file on the disk is."""
        if self.address.protocol in WEB:
            raise ModelFileError(self.address, "cannot be written: the web is only read")
        with failures(self.address, "cannot be written"):
            self.store.put(self.key, path)

    def _asked(self, known: State | None, options: "GetOptions") -> "GetResult":
        if known is not None and known.tag.startswith('"'):
            options["if_match"] = known.tag
        return self.store.get(self.key, options=options)


def below(address: Address) -> Iterator[Address]:
    """Yield the objects whose names begin with that of a folder."""
    root, key = _parts(address)
    with failures(address):
        store = _store(root, "")
        found = cast("Iterator[Sequence[ObjectMeta]]", store.list(key.rstrip("/") or None))  # pyright: ignore[reportUnknownMemberType] - the other overload's
        for chunk in found:
            yield from (Address(f"{root}/{meta['path']}") for meta in chunk)


def _state(meta: "ObjectMeta") -> State:
    changed = meta["last_modified"]
    tag = meta["e_tag"] or (changed.isoformat() if changed.timestamp() else "")
    return State(meta["size"], tag)


def _parts(address: Address) -> tuple[str, str]:
    """Return the bucket or host, as an address, and the name in it.

    What is escaped in an address of the web, or has a query, is no name: all of it is the root.
    """
    if address.protocol in WEB:
        text = _without_user(address.text)
        found = _PLAIN.fullmatch(text)
        return (found[1], found[2]) if found else (text, "")
    _, _, rest = address.text.partition("://")
    bucket, _, key = rest.partition("/")
    if not bucket:
        raise ModelFileError(address, "names no bucket")
    return f"{address.text[: -len(rest)]}{bucket}", key


def _without_user(text: str) -> str:
    protocol, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    return f"{protocol}://{host.rpartition('@')[2]}{slash}{path}"


def _user_of(address: Address) -> str:
    """Return the user and the password that an address of the web has in it."""
    if address.protocol not in WEB:
        return ""
    return address.text.partition("://")[2].partition("/")[0].rpartition("@")[0]


@lru_cache(maxsize=16)
def _store(root: str, user: str) -> "ObjectStore":
    """Return what reads a bucket or a page; its connections stay open."""
    try:
        from obstore.store import HTTPStore, from_url
    except ImportError as error:
        raise MissingExtraError("obstore", "remote") from error
    from datetime import timedelta

    protocol = root.partition("://")[0].lower()
    retries: RetryConfig = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=SECONDS)}
    client: ClientConfig = {"allow_http": True, "timeout": "5 minutes"}
    if protocol in WEB:
        if user:
            token = b64encode(of_uri(user).encode()).decode()
            client["default_headers"] = {"authorization": f"Basic {token}"}
        return cast("ObjectStore", HTTPStore(root, client_options=client, retry_config=retries))
    protocol = {"gcs": "gs"}.get(protocol, protocol)
    own = f"{protocol}{root[root.index('://') :]}"
    made: ObjectStore
    if PROTOCOLS.get(protocol, protocol) == "s3" and (provider := _profile()) is not None:
        made = from_url(
            own, client_options=client, retry_config=retries, credential_provider=provider
        )
    else:
        made = from_url(own, client_options=client, retry_config=retries)
    return made


def _profile() -> "S3CredentialProvider | None":
    """Return what reads the profiles of ``~/.aws``; None where variables say enough, or nothing is.

    obstore itself knows the variables and the services of the machine alone.
    """
    if any(os.environ.get(name) for name in KEYS):
        return None
    files = (
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    )
    if not any(Path(name).expanduser().is_file() for name in files):
        return None
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError as error:
        raise MissingExtraError("boto3, which reads the profiles of ~/.aws,", "remote") from error
    return Boto3CredentialProvider()


def forget() -> None:
    """Let go of what reads buckets: what the environment says is read anew."""
    _store.cache_clear()
