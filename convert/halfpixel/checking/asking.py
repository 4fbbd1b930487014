"""Rules, asked of sites: what one of them raises is told, and the others are asked all the same."""

from collections.abc import Iterator, Sequence

from halfpixel.boundary import log
from halfpixel.errors import RuleError
from halfpixel.rule import Finding, Rule
from halfpixel.site import Site
from halfpixel.work import TooMuchWork


def of_site(
    rules: Sequence[Rule], site: Site, failed: list[RuleError]
) -> Iterator[tuple[Rule, Finding]]:
    """Ask rules of one site; `TooMuchWork` passes.

    Args:
        rules: whom to ask.
        site: the site.
        failed: grows by one error for each rule that raised something; the others are asked.
    """
    for rule in rules:
        try:
            found = list(rule.findings(site))
        except TooMuchWork:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises
            failed.append(_failure(rule, site.name, error))
        else:
            yield from ((rule, finding) for finding in found)


def of_model(
    rules: Sequence[Rule], sites: Sequence[Site], failed: list[RuleError]
) -> Iterator[tuple[Rule, Site, Finding]]:
    """Ask rules of all the sites of a model together; `failed` grows as in `of_site`."""
    for rule in rules:
        try:
            found = [] if rule.check_model is None else list(rule.check_model(sites))
        except TooMuchWork:
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            failed.append(_failure(rule, "", error))
        else:
            yield from ((rule, site, finding) for site, finding in found)


def _failure(rule: Rule, node: str, error: Exception) -> RuleError:
    failure = RuleError(rule.name, rule.module.partition(".")[0], node, error)
    failure.__cause__ = error
    log(str(failure), failure)
    return failure
