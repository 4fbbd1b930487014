"""Bodies and forms that are too much, or not what they say."""

import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence

from serving.attack import Attack, form, request
from serving.services import SIZE, external, named


def bodies() -> Iterator[Attack]:
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


def forms() -> Iterator[Attack]:
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
