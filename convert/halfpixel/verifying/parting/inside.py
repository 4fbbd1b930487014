"""A side that can be asked for the values inside of its nodes."""

from typing import TYPE_CHECKING

from halfpixel.errors import RuntimeRefusal
from halfpixel.runtimes.inside.laid_open import IterationRunning, LaidOpen, laid_open
from halfpixel.verifying.side import Started

if TYPE_CHECKING:
    from halfpixel.arrays import Arrays


def at_iteration(
    side: Started, running: IterationRunning, iteration: int, feeds: "Arrays"
) -> Started:
    """Return a side that can be asked for inner values, but for branches that are not taken.

    Args:
        side: the side.
        running: the same model, laid open.
        iteration: of its Loops and Scans.
        feeds: the inputs.
    """
    running.iteration = iteration
    opened = Started(side.running, running, running.model)
    if isinstance(running.model, LaidOpen):
        running.model.untaken = frozenset()
        ends = [end.output for end in running.model.site_values]
        names = [name for name in ends if name in running.model.depths]
        given = opened.fed(feeds)
        empty = (name for name in names if not running.run(given, [name])[name].size)
        running.model.untaken = frozenset(empty)
    return opened


def with_inner_sites(side: Started, feeds: "Arrays") -> Started:
    """Return a side whose inner sites can be asked for; as it is where it has none, or they cannot.

    The sites are the same ones: a function that is called several times has one of each call, and
    such a side stays as it is.

    Args:
        side: the side.
        feeds: the inputs.
    """
    if side.model is None or all(end.main for end in side.model.site_values):
        return side
    running = laid_open(side.plain)
    if running is None or not isinstance(running.model, LaidOpen):
        return side
    running.model.before = side.sites
    try:
        opened = at_iteration(side, running, 0, feeds)
    except RuntimeRefusal:
        return side
    same = [id(site) for site in opened.sites] == [id(site) for site in side.sites]
    return opened if same else side
