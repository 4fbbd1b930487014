"""`python -m halfpixel`, and the `halfpixel` command."""

from halfpixel.cli.starting import collect_seldom, import_msgspec

collect_seldom()
import_msgspec()

from halfpixel.cli.main import main  # noqa: E402 - whose imports cost less for both

__all__ = ["main"]

if __name__ == "__main__":
    main()
