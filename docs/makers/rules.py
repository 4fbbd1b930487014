"""The pages of the rules: one with all of them, and one a rule."""

import re

from halfpixel.rule import Rule, load_rules
from makers import pictures


def index() -> str:
    """Return the page that lists all rules."""
    rules = load_rules()
    head = ["# Rules", "", "Made by `docs/build.py` from the rules themselves.", ""]
    head += ["| rule | fix | what it finds |", "| --- | --- | --- |"]
    return "\n".join([*head, *(_row(rule) for rule in rules)]) + "\n"


def _row(rule: Rule) -> str:
    return f"| [{rule.name}]({rule.name}.md) | {'yes' if rule.fixable else ''} | {rule.summary} |"


def page(rule: Rule) -> str:
    """Return the manual page of a rule, which is its module's docstring."""
    manual = re.sub(r"\]\((?=(?:targets|exporters)\.md)", "](../", (rule.page or "").strip())
    fix = "Has a fix." if rule.fixable else "Has no fix."
    before = f"\n\nIt took the place of {', '.join(rule.aliases)}." if rule.aliases else ""
    drawn = pictures.shown(rule)
    parts = [f"# {rule.name}", manual, f"{fix}{before}", *([drawn] if drawn else [])]
    return "\n\n".join(parts) + "\n"
