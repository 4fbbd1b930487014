"""`python -m halfpixel`, and the `halfpixel` command."""

from halfpixel.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
