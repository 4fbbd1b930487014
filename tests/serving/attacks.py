"""What a stranger would send, and what each has to come to."""

from collections.abc import Iterator
from typing import Final

from serving.attack import Attack, request
from serving.attacks_by_body import bodies, forms
from serving.attacks_by_name import references
from serving.services import named


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


ATTACKS: Final = (*references(), *bodies(), *forms(), *_requests())
"""All of them; `{root}` and `{canary}` stand for what is known when they are sent."""
