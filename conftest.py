"""What every test has: one browser, and no width of a page.

The width is what workers of pytest-xdist are told in COLUMNS.
"""

import os

pytest_plugins = ["serving.browsers"]

os.environ.pop("COLUMNS", None)
