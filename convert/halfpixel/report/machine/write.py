"""A run in the format of a name."""

from halfpixel.report.machine.entry import Run


def written(run: Run, form: str) -> str:
    """Return a run as text.

    Args:
        run: what is said.
        form: concise, csv, github, gitlab, jsonl, junit, markdown or sarif.

    Raises:
        ValueError: a format that is written from more than a run.
    """
    match form:
        case "concise":
            from halfpixel.report.machine.as_concise import dumps
        case "csv":
            from halfpixel.report.machine.as_csv import dumps
        case "github":
            from halfpixel.report.machine.as_github import dumps
        case "gitlab":
            from halfpixel.report.machine.as_gitlab import dumps
        case "jsonl":
            from halfpixel.report.machine.as_json import dumps_run as dumps
        case "junit":
            from halfpixel.report.machine.as_junit import dumps
        case "markdown":
            from halfpixel.report.machine.as_markdown import dumps
        case "sarif":
            from halfpixel.report.machine.as_sarif import dumps_run as dumps
        case _:
            raise ValueError(form)
    return dumps(run)
