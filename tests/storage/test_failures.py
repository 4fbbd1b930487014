"""Whatever goes wrong with a file elsewhere is one line that names it; the exit code is 2."""

from collections.abc import Callable

import fsspec
import pytest
from click.testing import CliRunner

import halfpixel
from halfpixel.cli.main import cli
from halfpixel.storage import remote_file
from servers.made import data
from servers.s3 import S3
from servers.web import Web

MODEL = data()


def error_of(address: str) -> str:
    """Return why a file cannot be checked, as the command tells it too."""
    error = halfpixel.check(address).files[0].error
    assert error is not None
    result = CliRunner().invoke(cli, ["check", address])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "S3CR3T" not in result.output
    return error


@pytest.mark.usefixtures("bucket")
def test_no_such_object() -> None:
    gone = "no such file there"
    assert error_of("s3://models/none.onnx") == f"s3://models/none.onnx: {gone}"
    assert error_of("s3://no-bucket/m.onnx") == f"s3://no-bucket/m.onnx: {gone}"


INVALID = "access is denied: credentials are missing or not valid; AWS_ACCESS_KEY_ID"
REFUSED = {403: "access is denied", 401: INVALID, 503: "the server answers 503"}


@pytest.mark.parametrize("status", REFUSED)
def test_refused(bucket: S3, status: int) -> None:
    address = bucket.put("m.onnx", MODEL)
    bucket.traffic.refuse = lambda _: status
    assert error_of(address).startswith(f"{address}: {REFUSED[status]}")


def test_what_passes_is_asked_for_again(bucket: S3) -> None:
    address = bucket.put("m.onnx", MODEL)
    failing = iter([503, None, 500, 503, None])
    bucket.traffic.refuse = lambda _: next(failing, None)
    assert halfpixel.check(address).files[0].error is None


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("command", ["check", "fix", "verify", "explain"])
def test_every_command_says_it(command: str) -> None:
    asked = [command, "s3://models/none.onnx", *(["-o", "x.onnx"] if command == "fix" else [])]
    result = CliRunner().invoke(cli, asked)
    assert result.exit_code == 2
    assert "s3://models/none.onnx: no such file there" in result.output


def test_no_credentials(bucket: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    from halfpixel.storage import objects

    objects.forget()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    address = bucket.put("m.onnx", MODEL)
    assert error_of(address).startswith(f"{address}: no credentials were found; AWS_ACCESS_KEY_ID")
    objects.forget()


def test_a_profile_is_read(
    bucket: S3, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from halfpixel.storage import objects

    objects.forget()
    file = tmp_path_factory.mktemp("home") / "credentials"
    file.write_text("[work]\naws_access_key_id = a\naws_secret_access_key = b\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert halfpixel.check(bucket.put("m.onnx", MODEL)).files[0].error is None
    objects.forget()


def test_no_host() -> None:
    told = "the host cannot be reached"
    assert error_of("http://127.0.0.1:9/m.onnx") == f"http://127.0.0.1:9/m.onnx: {told}"


def test_no_protocol_and_no_package() -> None:
    assert error_of("none://host/m.onnx") == "none://host/m.onnx: Protocol not known: none"
    told = "sftp:// needs a package that is not installed: SFTPFileSystem requires"
    assert error_of("sftp://host/m.onnx").startswith(f"sftp://host/m.onnx: {told}")
    assert error_of("s3:///m.onnx") == "s3:///m.onnx: names no bucket"


def test_no_ranges(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    address, site.ranges = site.put("m.onnx", MODEL), False
    assert halfpixel.check(address).files[0].error is None
    assert site.traffic.sent >= len(MODEL)
    monkeypatch.setattr(remote_file, "LARGEST_WHOLE", 1_000_000)
    told = f"has {len(MODEL)} bytes, more than the 1000000 that are read whole"
    assert error_of(address) == f"{address}: the server knows no ranges, and it {told}"


def changing(site: Web, address: str, after: int) -> Callable[[int], None]:
    """Return what changes a file once a server was asked for it so many times."""
    path = address.removeprefix(site.root)

    def change(count: int) -> None:
        if count == after:
            site.files[path] = MODEL[:-8] + b"changed!" + site.files[path][len(MODEL) :]

    return change


@pytest.mark.parametrize("tags", [True, False])
def test_changed_while_read(site: Web, tags: bool) -> None:  # noqa: FBT001 - a parameter
    address, site.tags = site.put("m.onnx", MODEL), tags
    site.traffic.before = changing(site, address, 2)
    if not tags:
        site.files["/m.onnx"] = MODEL
        change = site.traffic.before

        def longer(count: int) -> None:
            change(count)
            if count == 2:
                site.files["/m.onnx"] += b"\0"

        site.traffic.before = longer
    error = halfpixel.check(address).files[0].error
    assert error == f"{address}: has changed while it was read"


def test_changed_in_a_bucket_while_read(bucket: S3) -> None:
    address = bucket.put("changed.onnx", MODEL)

    def change(count: int) -> None:
        if count == 2:
            bucket.client.put_object(Bucket="models", Key="changed.onnx", Body=MODEL[:-1] + b"!")

    bucket.traffic.before = change
    assert halfpixel.check(address).files[0].error == f"{address}: has changed while it was read"


def test_changed_in_a_file_system_while_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from halfpixel.storage.filesystems import StoredFile

    memory, get = fsspec.filesystem("memory"), StoredFile.get
    memory.pipe("/changed.onnx", MODEL)

    def got(self: StoredFile, *asked: object) -> object:
        found = get(self, *asked)  # type: ignore[arg-type]
        memory.pipe("/changed.onnx", MODEL)
        return found

    monkeypatch.setattr(StoredFile, "get", got)
    told = "memory://changed.onnx: has changed while it was read"
    assert halfpixel.check("memory://changed.onnx").files[0].error == told


def test_cut_off(site: Web) -> None:
    address, site.cut = site.put("m.onnx", MODEL), 0
    told = "ends before it should: the connection broke, or it has changed while it was read"
    assert error_of(address) == f"{address}: {told}"
    site.cut = 50_000  # what is missing is asked for
    assert halfpixel.check(address).files[0].error is None


WHERE = f"ends at byte {len(MODEL) - 6}, its message at byte {len(MODEL) - 5_000_000}"
BROKEN = {
    "empty": (b"", "the file is empty"),
    "zip": (b"PK\x03\x04" + bytes(64), "not an ONNX model: it is a zip archive"),
    "text": (b"hello", "not an ONNX model, or truncated"),
    "truncated": (
        MODEL[:-5_000_000],
        f"not an ONNX model, or truncated: field 7 at byte 2 {WHERE}",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_model(site: Web, bucket: S3, name: str) -> None:
    broken, told = BROKEN[name]
    for server in (site, bucket):
        address = server.put(f"{name}.onnx", broken)
        assert error_of(address) == f"{address}: {told}"


def test_no_secret_is_shown(site: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "halfpixel")
    open_address = site.put("m.onnx", MODEL)
    secret = open_address.replace("//", "//me:S3CR3T@") + "?X-Amz-Signature=S3CR3T#S3CR3T"
    shown = f"{open_address}?..."
    report = halfpixel.check(secret)
    assert report.files[0].path == shown
    assert site.headers[-1]["authorization"] == "Basic bWU6UzNDUjNU"
    site.traffic.refuse = lambda _: 404
    assert error_of(secret) == f"{shown}: no such file there"
    site.traffic.refuse = lambda _: 418
    assert error_of(secret) == f"{shown}: the server answers 418"
    assert "S3CR3T" not in caplog.text
    for command in (["explain"], ["fix", "-o", "x.onnx"], ["verify"], ["check", "--debug"]):
        result = CliRunner().invoke(cli, [*command, secret])
        assert result.exit_code == 2
        assert "S3CR3T" not in result.output


def test_watch_is_of_files() -> None:
    result = CliRunner().invoke(cli, ["check", "s3://models/m.onnx", "--watch"])
    assert (result.exit_code, "--watch is for files" in result.output) == (2, True)
