"""What arrays are called; asked by type checkers alone, so that numpy is not imported."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
"""An array of any element type."""

Arrays = Mapping[str, Array]
"""Arrays by name."""

Feeds = dict[str, Array]
"""Inputs of a run by name, in the making."""
