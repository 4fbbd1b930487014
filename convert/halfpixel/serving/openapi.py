"""What the service is, for programs: OpenAPI 3.1, from the types that requests are read by.

The schema of a report in JSON is the one that the command's reports have.
"""

import json
from importlib.metadata import version
from importlib.resources import files
from typing import Final, cast

from halfpixel.serving.answers import VERDICT
from halfpixel.serving.forms import MEDIA, PROBLEM
from halfpixel.serving.query import ReferenceQuery, UploadQuery, described
from halfpixel.serving.refused import REASONS

Values = dict[str, object]

BOTH: Final = (400, 403, 406, 421, 422, 500, 503, 504)
_PROBLEM: Final[Values] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string", "description": "What the status says."},
        "status": {"type": "integer", "enum": list(REASONS)},
        "detail": {"type": "string", "description": "Why, in one line."},
    },
}
_UPLOAD: Final[Values] = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "description": "The model, and its data files: each a part with its name "
                        "or, in a package, its path.",
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                    }
                },
            },
        },
    },
}


def description() -> Values:
    """Return the description of the service."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "halfpixel serve",
            "version": version("halfpixel"),
            "description": "Checks the resampling operators of a model that is sent, or that lies "
            "where the service may read.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/": {"get": _plain("page", "A page to drop a model on.", "text/html")},
            "/check": {"post": _upload(), "get": _reference()},
            "/health/live": {"get": _plain("live", "The service runs.", "application/json")},
            "/health/ready": {
                "get": _plain("ready", "A model would be checked.", "application/json", (503,))
            },
            "/metrics": {"get": _plain("metrics", "What is counted (Prometheus).", "text/plain")},
            "/openapi.json": {"get": _plain("openapi", "This description.", "application/json")},
        },
        "components": {"schemas": {"Problem": _PROBLEM, **_reports()}},
    }


def _upload() -> Values:
    return {
        "operationId": "upload",
        "summary": "Check a model that is sent.",
        "parameters": described(UploadQuery),
        "requestBody": _UPLOAD,
        "responses": {"200": _report(), **_refusals((*BOTH, 408, 413, 415))},
    }


def _reference() -> Values:
    return {
        "operationId": "reference",
        "summary": "Check a model below a folder that is served, or at an allowed address.",
        "parameters": described(ReferenceQuery),
        "responses": {"200": _report(), **_refusals((*BOTH, 404))},
    }


def _report() -> Values:
    """Return the answer that is a report."""
    text: Values = {"schema": {"type": "string"}}
    sarif: Values = {"schema": {"type": "object", "required": ["version", "runs"]}}
    return {
        "description": "The report; whether the model passed stands in its header, and in JSON.",
        "headers": {
            VERDICT: {
                "description": "Whether the model was judged whole and passed.",
                "required": True,
                "schema": {"enum": ["passed", "failed"]},
            }
        },
        "content": {
            MEDIA["json"]: {"schema": {"$ref": "#/components/schemas/Report"}},
            MEDIA["sarif"]: sarif,
            MEDIA["html"]: text,
        },
    }


def _refusals(statuses: tuple[int, ...]) -> Values:
    return {str(status): _refusal(status) for status in sorted(statuses)}


def _refusal(status: int) -> Values:
    """Return the answer to a request that is not served; a file that is none has a report."""
    problem: Values = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    page: Values = {MEDIA["html"]: {"schema": {"type": "string"}}}
    reported = cast("Values", _report()["content"]) if status == 422 else {}
    more: Values = {}
    if status == 503:
        told = {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}
        more = {"headers": {"retry-after": told}}
    return {"description": REASONS[status], "content": {**problem, **page, **reported}, **more}


def _plain(name: str, summary: str, media: str, more: tuple[int, ...] = ()) -> Values:
    kind = "object" if media == "application/json" else "string"
    answer: Values = {"description": summary, "content": {media: {"schema": {"type": kind}}}}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": answer, **_refusals((421, *more))},
    }


def _reports() -> Values:
    """Return the schemas of a report in JSON, which are the command's."""
    text = (files("halfpixel.report.machine") / "report.schema.json").read_text(encoding="utf-8")
    moved = text.replace("#/$defs/", "#/components/schemas/")
    defs = cast("Values", json.loads(moved)["$defs"])
    passed = {"type": "boolean", "description": "Whether it was judged whole and passed."}
    return {
        **defs,
        "Report": {
            "allOf": [{"$ref": "#/components/schemas/check"}],
            "required": ["passed"],
            "properties": {"passed": passed},
        },
    }
