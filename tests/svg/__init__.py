"""Where what an SVG shows lies, for tests of pictures."""
