"""What every test has: no width of a page, which workers of pytest-xdist are told in COLUMNS."""

import os

os.environ.pop("COLUMNS", None)

pytest_plugins = ["servers.fixtures"]
