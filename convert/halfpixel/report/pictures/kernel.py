"""The picture of a kernel: the weights of its taps along one period."""

from halfpixel.report.pictures.drawable import Pair
from halfpixel.report.pictures.palette import Theme
from halfpixel.report.pictures.site import picture_of_site
from halfpixel.sampling import Sampling


def picture_of_kernel(
    found: Sampling,
    meant: Sampling | None = None,
    *,
    lengths: Pair,
    title: str = "",
    labels: tuple[str, str] = ("file", "meant"),
    theme: Theme = "auto",
) -> str:
    """Return the weights that each phase of a kernel gives the pixels around it, along one period.

    Args:
        found: what the file computes along one axis.
        meant: what was meant; None where nothing is to be compared.
        lengths: (input length, output length).
        title: as of `picture_of_site`, and so the others.
        labels: what the two are called.
        theme: light, dark or auto.

    Raises:
        ValueError: a length is below 1, or a table was made for other lengths.
    """
    return picture_of_site(found, meant, lengths=[lengths], title=title, labels=labels, theme=theme)
