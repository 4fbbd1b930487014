"""`python -m halfpixel`, and the `halfpixel` command."""

import gc

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    gc.set_threshold(200_000)  # a short process: collecting while it starts costs a fifth
    from halfpixel.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
