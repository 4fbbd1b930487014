"""What every test has: a browser, servers on loopback, and no width of a page.

The width is what workers of pytest-xdist are told in COLUMNS.
"""

import os

pytest_plugins = ["serving.browsers", "servers.fixtures"]

os.environ.pop("COLUMNS", None)
