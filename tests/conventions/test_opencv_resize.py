"""OpenCV's cv2.resize, read back from impulses."""

from typing import Any

import numpy as np
import pytest

from halfpixel.conventions.opencv_resize import MEANINGS, read
from halfpixel.errors import ConventionError

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 10, 13, 16)


@pytest.fixture(scope="module")
def cv2() -> Any:  # noqa: ANN401 - an untyped library
    return pytest.importorskip("cv2", reason="OpenCV is not installed")


@pytest.mark.oracle
@pytest.mark.parametrize("name", MEANINGS)
def test_weights(cv2: Any, name: str) -> None:  # noqa: ANN401 - as above
    sampling = read(name)
    for n_in in LENGTHS:
        for n_out in LENGTHS:
            if name == "INTER_AREA" and n_out > n_in:
                continue  # enlarging it is another operator
            columns = []
            for impulse in np.eye(n_in, dtype=np.float32):
                image = np.repeat(impulse.reshape(n_in, 1), 4, axis=1)
                out = cv2.resize(image, (4, n_out), interpolation=getattr(cv2, name))
                columns.append(out[:, 0])
            ours = sampling.weights(n_in, n_out).matrix()
            found = np.stack(columns, 1)
            if name == "INTER_NEAREST_EXACT":  # in fixed point: exact ties may fall short
                ties = [i for i in range(n_out) if (2 * i + 1) * n_in % (2 * n_out) == 0]
                found, ours = np.delete(found, ties, 0), np.delete(ours, ties, 0)
            np.testing.assert_allclose(found, ours, atol=1e-5, err_msg=str(n_out))


def test_other_names_are_refused() -> None:
    with pytest.raises(ConventionError, match="INTER_LANCZOS4"):
        read("INTER_LANCZOS4")
