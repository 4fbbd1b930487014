"""The service is what it says of itself: schemathesis asks it whatever its description allows."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from halfpixel.serving.guard import METHODS
from halfpixel.serving.openapi import description
from halfpixel.serving.query import ReferenceQuery, UploadQuery, described
from halfpixel.serving.refused import REASONS
from serving.services import Service

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=SLOW,
)
Case = schemathesis.Case[Any]
OPERATIONS = [(path, method.lower()) for path, methods in METHODS.items() for method in methods]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_one_that_is_described(service: Service, path: str, method: str) -> None:
    schema = schemathesis.openapi.from_url(f"{service.address}/openapi.json")
    operation = schema[path][method]
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @given(case=wrong | operation.as_strategy())
    @settings(SETTINGS)
    def ask(case: Case) -> None:
        # a setting that is well formed may be none for the model that is sent
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    ask()


def test_what_is_described_is_what_is_served() -> None:
    paths = description()["paths"]
    assert isinstance(paths, dict)
    assert {path: sorted(one) for path, one in paths.items()} == {
        path: sorted(method.lower() for method in methods) for path, methods in METHODS.items()
    }


def test_every_status_that_may_come_is_described() -> None:
    text = json.dumps(description())
    for status in set(REASONS) - {404, 405}:
        assert f'"{status}"' in text


def test_every_parameter_says_what_it_is() -> None:
    for kind in (UploadQuery, ReferenceQuery):
        parameters = {str(one["name"]): one for one in described(kind)}
        assert {"format", "select", "fail-on", "ignore-suppressions"} <= set(parameters)
        for one in parameters.values():
            assert str(one["description"]).endswith(".")
            assert "$ref" not in json.dumps(one)
    assert parameters["model"]["required"] is True
