"""What a site is, for people: a copy, the PyTorch call, or why it is none."""

from typing import Final

from halfpixel.site import Site

COPY: Final = "a copy of its input: every length stays as it is"

LONGEST: Final = 1 << 12
"""Pixels of an axis up to which its weights are looked at: this is no part of a file's work."""


def is_copy(site: Site) -> bool:
    """Whether a site is seen to copy: a resize of every axis to its own length, and no more."""
    ins, outs = site.operation.lengths
    if ins != outs or any(n is not None and n > LONGEST for n in ins):
        return False
    from halfpixel.intents.pairing import copies

    return copies(site)


def claim_of(site: Site, otherwise: str = "no single PyTorch call") -> str:
    """Return what a site computes.

    Args:
        site: the site.
        otherwise: what is said where nothing is known of it.
    """
    if is_copy(site):
        return COPY
    operation = site.operation
    return operation.claim or operation.problem or otherwise
