"""Paths and addresses that no caller may have read."""

from collections.abc import Iterator
from typing import Final

from serving.attack import Attack, request


def references() -> Iterator[Attack]:
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
