"""What a stranger would send: requests as bytes, and what each has to come to."""

import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from serving.services import SIZE, external, named


class Attack(Struct, frozen=True):
    """A request.

    Attributes:
        name: what it tries.
        data: its bytes.
        statuses: what may be answered; empty where the connection is closed without an answer.
    """

    name: str
    data: bytes
    statuses: frozenset[int]


def request(
    target: str | bytes,
    headers: Sequence[str] = (),
    body: bytes = b"",
    method: str = "GET",
    host: str = "127.0.0.1",
) -> bytes:
    """Return a request as bytes, nothing of it encoded."""
    said = [f"Host: {host}", "Connection: close", *headers]
    if method == "POST" and not any("ength:" in one or "ncoding: c" in one for one in said):
        said.append(f"Content-Length: {len(body)}")
    first = method.encode() + b" " + (target if isinstance(target, bytes) else target.encode())
    return first + b" HTTP/1.1\r\n" + "\r\n".join(said).encode() + b"\r\n\r\n" + body


def form(*parts: tuple[str, bytes], end: bool = True) -> tuple[list[str], bytes]:
    """Return the headers and the body of a form of (Content-Disposition, bytes) parts."""
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data; name=f; " + said.encode() + b"\r\n\r\n" + data
        + b"\r\n" for said, data in parts
    )  # fmt: skip
    return ["Content-Type: multipart/form-data; boundary=b"], body + (b"--b--\r\n" if end else b"")


def _references() -> Iterator[Attack]:
    """Yield paths and addresses that no caller may have read, each as it stands in the target."""
    outside = {
        "climbs": "../away/secret.onnx",
        "climbs from a folder": "team/../../away/secret.onnx",
        "climbs, slash encoded": "..%2faway%2fsecret.onnx",
        "climbs, all encoded": "%2e%2e%2faway%2fsecret.onnx",
        "climbs, encoded twice": "%252e%252e%252faway%252fsecret.onnx",
        "climbs, overlong UTF-8": "%c0%ae%c0%ae%c0%afaway%c0%afsecret.onnx",
        "climbs, full-width": "%ef%bc%8e%ef%bc%8e%ef%bc%8faway/secret.onnx",
        "climbs, backslash": "..\\away\\secret.onnx",
        "climbs, backslash encoded": "..%5caway%5csecret.onnx",
        "climbs, doubled": "....//....//away/secret.onnx",
        "climbs, with a semicolon": "..;/away/secret.onnx",
        "climbs to passwd": "../../../../../../../../etc/passwd",
        "absolute": "/etc/passwd",
        "absolute, doubled": "//etc/passwd",
        "absolute, encoded": "%2fetc%2fpasswd",
        "absolute, below the root by its own path": "{root}/m.onnx",
        "a drive": "C:%5cm.onnx",
        "a share": "%5c%5chost%5cm.onnx",
        "a zero byte": "m.onnx%00.txt",
        "a zero byte before the ending": "../away/secret%00.onnx",
        "a line break": "m.onnx%0d%0aX-Evil:%201",
        "proc": "/proc/self/environ",
        "home": "~/m.onnx",
        "hidden": ".hidden/m.onnx",
        "a link out": "link.onnx",
        "a link of a folder out": "links/secret.onnx",
        "a link in a circle": "circle.onnx",
        "a link to a device": "zero.onnx",
        "a named pipe": "pipe.onnx",
        "a folder called a model": "folder.onnx",
        "a file called a package": "file.mlpackage",
        "a link to a package out": "link.mlpackage",
        "no model by its name": "notes.txt",
        "a configuration": "halfpixel.toml",
        "dots": "..",
        "a pattern": "*.onnx",
    }
    for name, text in outside.items():
        statuses = frozenset({403, 404})
        yield Attack(f"path: {name}", request(f"/check?model={text}"), statuses)
    for text in ADDRESSES:
        yield Attack(f"address: {text}", request(f"/check?model={text}"), frozenset({403}))
    empty = {"nothing": "", "much": "a" * 3000 + ".onnx"}
    for name, text in empty.items():
        yield Attack(f"path: {name}", request(f"/check?model={text}"), frozenset({400}))
    twice = request("/check?model=a.onnx&model=b.onnx")
    yield Attack("path: two", twice, frozenset({400}))


ADDRESSES: Final = (
    "http://169.254.169.254/latest/meta-data/m.onnx",
    "http://[fd00:ec2::254]/latest/m.onnx",
    "http://metadata.google.internal/computeMetadata/v1/m.onnx",
    "http://localhost:{canary}/m.onnx",
    "http://127.0.0.1:{canary}/m.onnx",
    "http://127.1:{canary}/m.onnx",
    "http://2130706433:{canary}/m.onnx",
    "http://0x7f000001:{canary}/m.onnx",
    "http://0:{canary}/m.onnx",
    "http://[::1]:{canary}/m.onnx",
    "http://[::ffff:127.0.0.1]:{canary}/m.onnx",
    "http://models.example.org@127.0.0.1:{canary}/m.onnx",
    "http://127.0.0.1:{canary}%23@models.example.org/m.onnx",
    "http://models.example.org:80@127.0.0.1:{canary}/allowed/m.onnx",
    "http://models.example.org.127.0.0.1.nip.io:{canary}/allowed/m.onnx",
    "http://models.example.org%5c@127.0.0.1:{canary}/allowed/m.onnx",
    "https://models.example.org/allowed/../m.onnx",
    "https://models.example.org/allowed/%252e%252e/m.onnx",
    "https://models.example.org/allowed-not/m.onnx",
    "https://models.example.org/allowed//../m.onnx",
    "https://models.example.org/allowed/m.onnx?url=http://127.0.0.1:{canary}",
    "https://models.example.org/allowed/m.onnx%3furl=http://127.0.0.1:{canary}",
    "https://models.example.org/allowed/m.onnx%0d%0aX:1",
    "https://models.example.org/allowed/m.onnx%00",
    "http://models.example.org/allowed/m.onnx",
    "file:///etc/passwd",
    "file:/etc/passwd",
    "FILE:///etc/passwd",
    "local:///etc/passwd",
    "file://localhost/etc/passwd",
    "s3://other/m.onnx",
    "s3://bucket/allowed-not/m.onnx",
    "s3://bucket/allowed/../m.onnx",
    "s3://bucket/allowed/*.onnx",
    "s3://bucket/allowed/x::file:///etc/passwd",
    "simplecache::file:///etc/passwd",
    "zip://m.onnx::http://127.0.0.1:{canary}/a.zip",
    "zip://m.onnx::s3://bucket/allowed/a.zip",
    "memory://m.onnx",
    "data:application/octet-stream;base64,AAAA",
    "reference://m.onnx",
    "github://owner:repository@main/m.onnx",
    "hf://owner/repository/m.onnx",
    "ftp://127.0.0.1:{canary}/m.onnx",
    "gopher://127.0.0.1:{canary}/_m.onnx",
    "dict://127.0.0.1:{canary}/m.onnx",
    "sftp://127.0.0.1:{canary}/m.onnx",
    "smb://127.0.0.1/m.onnx",
    "git://127.0.0.1:{canary}/m.onnx",
    "jar:http://127.0.0.1:{canary}!/m.onnx",
    "unix:///var/run/docker.sock/m.onnx",
    "//127.0.0.1:{canary}/m.onnx",
)
"""Addresses of what is not allowed; a canary listens on a port of this machine."""


def _bodies() -> Iterator[Attack]:
    """Yield bodies that are too much, too slow to end, or not what they say."""
    model = named()
    bomb = gzip.compress(bytes(64 << 20))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("m.onnx", bytes(16 << 20))
    post = "/check?name=m.onnx"
    large = f"{SIZE + 1}"

    def sent(name: str, headers: Sequence[str], body: bytes, *statuses: int) -> Attack:
        return Attack(f"body: {name}", request(post, headers, body, "POST"), frozenset(statuses))

    yield sent("larger than may be, by its length", [f"Content-Length: {large}"], b"", 413)
    yield sent("larger by far", ["Content-Length: 999999999999999999"], b"", 413)
    yield sent("a length without end", ["Content-Length: " + "9" * 400], b"", 400)
    chunk = b"%x\r\n" % (1 << 20) + bytes(1 << 20) + b"\r\n"
    yield sent("larger, in chunks", ["Transfer-Encoding: chunked"], chunk * 6 + b"0\r\n\r\n", 413)
    yield sent("of no length", ["Content-Length: -1"], model, 400)
    yield sent("of a length that is none", ["Content-Length: 0x10"], model, 400)
    yield sent("of two lengths", ["Content-Length: 5", "Content-Length: 6"], model, 400)
    both = ["Content-Length: 5", "Transfer-Encoding: chunked"]
    yield sent("smuggled", both, b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400, 422)
    yield sent("a chunk that is none", ["Transfer-Encoding: chunked"], b"zz\r\nhello", 400)
    yield sent("twice encoded", ["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n", 400, 501)
    for coding in ("gzip", "deflate", "br", "zstd", "GZIP", "gzip, identity"):
        yield sent(f"packed by {coding}", [f"Content-Encoding: {coding}"], bomb, 415)
    yield sent("a packed one by its name", [], bomb[: 1 << 16], 422)
    yield sent("an archive", [], archive.getvalue(), 422)
    yield sent("nothing", [], b"", 422)
    yield sent("text", ["Content-Type: application/json"], b'{"a": 1}', 422)
    yield sent("half a model", [], model[: len(model) // 2], 422)
    yield sent("groups in groups", [], b"\x0b" * 100_000, 422)
    nested = model
    for _ in range(120):
        nested = b"\x2a" + _length(nested) + nested
    yield sent("messages in messages", [], b"\x08\x08\x3a" + _length(nested) + nested, 200, 422)
    for location in ("/etc/passwd", "../../../../etc/passwd", "a/../../b", "..", "\\\\host\\x"):
        data = external(location).SerializeToString()
        yield sent(f"data at {location}", [], data, 422)
    for text in ("hang", "crash"):
        yield sent(f"a model that would {text}", [], named(text), 504 if text == "hang" else 422)
    yield sent("a model that would take all memory", [], named("eat"), 200, 422)


def _length(data: bytes) -> bytes:
    """Return a length as protobuf writes it."""
    count, out = len(data), b""
    while count > 0x7F:
        out += bytes([count & 0x7F | 0x80])
        count >>= 7
    return out + bytes([count])


def _forms() -> Iterator[Attack]:
    """Yield forms whose parts lead out of their folder, are too many, or are none."""
    model = named()

    def sent(name: str, headers: list[str], body: bytes, *statuses: int) -> Attack:
        made = request("/check", headers, body, "POST")
        return Attack(f"form: {name}", made, frozenset(statuses or (400,)))

    for text in (
        "../m.onnx", "a/../../m.onnx", "/opt/m.onnx", "/etc/cron.d/m.onnx", "..\\m.onnx",
        "a\\b.onnx", ".m.onnx", ".git/m.onnx", "a/.ssh/m.onnx", "..", ".", "/",
        "a\x1b[31m.onnx", "a\u202e.onnx", "a\t.onnx", "x" * 300 + ".onnx",
        "/".join("abcdefghijk") + "/m.onnx",
    ):  # fmt: skip
        name = text.replace("\\", "\\\\")
        yield sent(f"the name {ascii(text)[:40]}", *form((f'filename="{name}"', model)))
    yield sent(
        "the path of a drive", *form(('filename="C:\\\\m.onnx"', model)), 200
    )  # m.onnx of it
    zero = form(('filename="m.onnx\x00.txt"', model))
    yield sent("a zero byte in a name", *zero)
    yield sent("a name that is encoded", *form(("filename*=UTF-8''..%2fm.onnx", model)))
    yield sent("a line break in a name", *form(('filename="m\r\nX-Evil: 1.onnx"', model)))
    two = ('filename="m.onnx"', model)
    yield sent("one name twice", *form(two, two))
    yield sent("a file and a folder", *form(('filename="a"', b""), ('filename="a/m.onnx"', model)))
    yield sent("a folder and a file", *form(('filename="a/m.onnx"', model), ('filename="a"', b"")))
    yield sent("many parts", *form(*[(f'filename="{n}.bin"', b"") for n in range(5000)]))
    yield sent("a field", *form(("x=y", b"align_corners=true"), two))
    yield sent("no file", *form())
    yield sent("a file without a name", *form(('filename=""', model)))
    yield sent("no model", *form(('filename="notes.txt"', b"hello")))
    yield sent("no end", *form(two, end=False))
    yield sent("a long head of a part", *form((f'filename="m.onnx"; x={"y" * 20000}', model)))
    kind = "Content-Type: multipart/form-data"
    yield sent("no boundary", [kind], model)
    yield sent("a long boundary", [f"{kind}; boundary={'b' * 5000}"], model)
    yield sent("a boundary that is none", [f'{kind}; boundary="\u00e9\\"'], model)
    yield sent("another boundary", [f"{kind}; boundary=c"], form(two)[1])
    yield sent("no disposition", [f"{kind}; boundary=b"], b"--b\r\n\r\nhello\r\n--b--\r\n")
    manifest = (
        b'{"fileFormatVersion": "1.0.0", "itemInfoEntries": {"r": {"path": "../../../etc/passwd"}}'
        b', "rootModelIdentifier": "r"}'
    )
    package = form(('filename="m.mlpackage/Manifest.json"', manifest))
    yield sent("a manifest that leads out", *package, 422)


def _requests() -> Iterator[Attack]:
    """Yield requests that are none, or are for another."""
    model = named()

    def sent(name: str, data: bytes, *statuses: int) -> Attack:
        return Attack(f"request: {name}", data, frozenset(statuses))

    yield sent("of another name", request("/check?model=m.onnx", host="evil.example"), 421)
    yield sent("of a name that is none", request("/", host="a b"), 400, 421)
    yield sent("of no name", b"GET / HTTP/1.1\r\n\r\n", 400)
    yield sent("of an old one without a name", b"GET / HTTP/1.0\r\n\r\n", 421)
    for method in ("PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "PATCH", "EVIL"):
        yield sent(f"by {method}", request("/check", method=method), 405)
    cross = ["Sec-Fetch-Site: cross-site"]
    yield sent("of another site's page", request("/check", cross, model, "POST"), 403)
    yield sent("of another site's picture", request("/check?model=m.onnx", cross), 403)
    for target in (
        "/etc/passwd", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/check/", "//check",
        "/static/../../../etc/passwd", "/docs", "/check/../../etc/passwd", "/.git/config",
    ):  # fmt: skip
        yield sent(f"for {target}", request(target), 404)
    yield sent("for another's address", request("http://evil.example/check?model=m.onnx"), 404, 421)
    for field in ("format", "name", "severity", "expect", "target"):
        text = f"/check?{field}=x%0d%0aX-Evil:%201"
        yield sent(f"a header in {field}", request(text, [], model, "POST"), 400)
    yield sent("a line break in the target", request(b"/check?a=\r\nX-Evil: 1"), 400)
    yield sent("a bare control in a header", request("/", ["X: \x01"]), 200, 400)
    yield sent("a name that climbs", request("/check?name=../m.onnx", [], model, "POST"), 400)
    yield sent("a name of zero", request("/check?name=m%00.onnx", [], model, "POST"), 400)
    for form_ in ("pdf", "../html", "text", "JSON", "%00", "json%2chtml"):
        yield sent(f"the format {form_}", request(f"/check?format={form_}", [], model, "POST"), 400)
    yield sent(
        "a media type that there is not", request("/check", ["Accept: a/b"], model, "POST"), 406
    )
    yield sent(
        "a long Accept", request("/check", [f"Accept: {'a/b,' * 3000}"], model, "POST"), 400, 406
    )
    yield sent(
        "a target that is a file", request("/check?target=/etc/passwd", [], model, "POST"), 400
    )
    yield sent("a configuration", request("/check?config=/etc/passwd", [], model, "POST"), 400)
    yield sent("a parameter that there is not", request("/check?a=b", [], model, "POST"), 400)
    many = "&".join(f"expect=a{n}" for n in range(1500))
    yield sent("many parameters", request(f"/check?{many}", [], model, "POST"), 400)
    yield sent("a long target", request("/" + "a" * 200_000), 400)
    yield sent("a long header", request("/", ["X: " + "a" * 200_000]), 400)
    yield sent("many headers", request("/", [f"X{n}: 1" for n in range(20_000)]), 400)
    yield sent("no HTTP", b"\x16\x03\x01\x02\x00" + bytes(200), 400)
    yield sent("a folded header", request("/", ["X: 1\r\n  Host: evil"]), 200, 400)
    upgrade = ["Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    yield sent("a socket of the web", request("/check?model=none.onnx", upgrade), 404)


ATTACKS: Final = (*_references(), *_bodies(), *_forms(), *_requests())
"""All of them; `{root}` and `{canary}` stand for what is known when they are sent."""
