"""A delivery of MLflow's webhook: one that MLflow itself signed holds, and nothing else does."""

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from halfpixel.checking.result import Report
from halfpixel.plugins.mlflow_webhook import OLDEST, NotFromMlflow, checked, verified
from halfpixel.plugins.registry import ModelRejected, check_registered
from serving.mlflow_models import WRONG, logged

# what `mlflow.webhooks.delivery._send_webhook_request` of mlflow-skinny 3.17.2 sent for
# the example payload of model_version.created, with this secret
GIVEN = "halfpixel-test-secret"
BODY = (
    b'{"entity": "model_version", "action": "created", '
    b'"timestamp": "2026-11-29T02:57:57.419223+00:00", "data": {"name": "example_model", '
    b'"version": "1", "source": "models:/123", "run_id": "abcd1234abcd5678", '
    b'"tags": {"example_key": "example_value"}, "description": "An example model version"}}'
)
HEADERS = {
    "Content-Type": "application/json",
    "X-MLflow-Delivery-Id": "7d8dc569-2f9b-45d1-88a9-96f44f43758b",
    "X-MLflow-Timestamp": "1795921077",
    "X-MLflow-Signature": "v1,Cpckl4zOZCuMT/tGzgxeaDiaBH08m9YKoa4A5HNiPWA=",
}
SENT = 1795921077.0


def test_a_delivery_of_mlflow_holds() -> None:
    delivery = verified(BODY, HEADERS, GIVEN, SENT)
    assert delivery.model == "models:/example_model/1"
    lower = {name.lower(): value for name, value in HEADERS.items()}
    assert verified(BODY, lower, GIVEN, SENT + OLDEST) == delivery


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"body": BODY.replace(b'"1"', b'"2"')}, "signature"),
        ({"body": BODY + b" "}, "signature"),
        ({"secret": "another"}, "signature"),
        ({"secret": ""}, "signature"),
        ({"headers": {}}, "signature"),
        ({"headers": HEADERS | {"X-MLflow-Signature": ""}}, "signature"),
        ({"headers": HEADERS | {"X-MLflow-Signature": "v1,"}}, "signature"),
        ({"headers": HEADERS | {"X-MLflow-Signature": "v1,\u00e9"}}, "signature"),
        ({"headers": HEADERS | {"X-MLflow-Timestamp": "1795921078"}}, "signature"),
        ({"headers": HEADERS | {"X-MLflow-Delivery-Id": "another"}}, "signature"),
        ({"now": SENT + OLDEST + 1}, "not of the last 300 s"),
        ({"now": SENT - OLDEST - 1}, "not of the last 300 s"),
    ],
)
def test_nothing_else_holds(change: dict[str, object], why: str) -> None:
    given: dict[str, object] = {"body": BODY, "headers": HEADERS, "secret": GIVEN, "now": SENT}
    with pytest.raises(NotFromMlflow, match=why):
        verified(**(given | change))  # type: ignore[arg-type]


def signed(body: bytes, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return headers with a signature that is taken for right."""
    monkeypatch.setattr("hmac.compare_digest", Mock(return_value=True))
    monkeypatch.setattr("time.time", lambda: SENT)
    return HEADERS | {"Content-Length": str(len(body))}


@pytest.mark.parametrize("name", ["a/../../b", "a:b", "", "a\nb", 7 * [1]])
def test_a_name_leads_to_no_other_model(name: object, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"name": name, "version": "1" if isinstance(name, str) else "1/../2"}
    body = json.dumps(
        {"entity": "model_version", "action": "created", "timestamp": "", "data": data}
    ).encode()
    with pytest.raises(NotFromMlflow, match="names no version"):
        checked(body, signed(body, monkeypatch), GIVEN, check_registered)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"entity": 1}'])
def test_a_body_that_is_none_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFromMlflow, match="the body of the delivery is none"):
        verified(body, signed(body, monkeypatch), GIVEN)


def test_the_version_that_was_created_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: SENT)
    folder = logged(tmp_path / "model", WRONG.read_bytes())
    asked: list[str] = []

    def check(uri: str) -> Report:
        asked.append(uri)
        return check_registered(uri, fetch=lambda _uri, _folder: folder)

    with pytest.raises(ModelRejected, match=r"^models:/example_model/1: rejected, 1 finding"):
        checked(BODY, HEADERS, GIVEN, check)
    assert asked == ["models:/example_model/1"]


def test_other_events_are_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    body = BODY.replace(b'"created"', b'"deleted"')
    assert checked(body, signed(body, monkeypatch), GIVEN) is None
