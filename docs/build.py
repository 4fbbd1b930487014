"""Write the pages that are made from the code: `python docs/build.py`.

`rules.md` holds the manual page of every rule, which is its module's docstring. A test
compares the committed page with what this file would write.
"""

from pathlib import Path

from halfpixel.rule import Rule, load_rules

FOLDER = Path(__file__).parent


def rules_page() -> str:
    """Return the page of all rules: a table, then each manual page one heading deeper."""
    rules = load_rules()
    table = [f"| [{r.name}](#{r.name}) | {_fix(r)} | {r.summary} |" for r in rules]
    head = ["# Rules", "", "Made by `docs/build.py` from the rules themselves.", ""]
    head += ["| rule | fix | what it finds |", "| --- | --- | --- |", *table, ""]
    return "\n".join([*head, *(_page(rule) for rule in rules)]).rstrip() + "\n"


def _fix(rule: Rule) -> str:
    return "yes" if rule.fixable else ""


def _page(rule: Rule) -> str:
    page = (rule.page or "").strip().replace("\n## ", "\n### ")
    return f"## {rule.name}\n\n{page}\n"


def main() -> None:
    """Write every page."""
    (FOLDER / "rules.md").write_text(rules_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
