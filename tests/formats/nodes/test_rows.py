"""Short fields are stepped over as fields are, many at once."""

from itertools import accumulate, takewhile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

import example_models as models
from halfpixel.formats.onnx.structure import parse, skeleton
from halfpixel.formats.protobuf_wire import BLOCK, SHORT, WireReader, bytes_field

SIZES = st.lists(
    st.sampled_from([0, 1, 5, 127, 128, 129, 255, 256, 400, 511, 512, 700, 20_000]), min_size=1
)


@given(SIZES, st.integers(1, 300), st.sampled_from([b"", b"\x12\x01a", b"\x08\x05", b"\x0a\xff"]))
def test_a_row_ends_where_a_field_does(sizes: list[int], often: int, behind: bytes) -> None:
    """All of it is short and of one number, and nothing that is so stands behind it."""
    fields = [bytes_field(1, bytes(size)) for size in sizes * often]
    data = b"".join(fields) + behind
    ends = [0, *accumulate(map(len, fields))]
    short = len([*takewhile(lambda size: size < SHORT, sizes * often)])
    at = WireReader(data).behind_row(0, len(data))
    assert at in ends
    assert ends.index(at) <= short
    assert at >= ends[short] - SHORT  # the last of a message may be left


def test_what_ends_behind_its_message_is_left() -> None:
    """The field is there for whoever says what is wrong with it."""
    row = bytes_field(1, b"abc") * 100
    data = row + b"\x0a\x05ab"
    assert WireReader(data).behind_row(0, len(data)) <= len(row)
    assert WireReader(data + b"cde").behind_row(0, len(data)) <= len(row)


def test_payload_between_many_nodes_is_left_in_the_file(tmp_path: Path) -> None:
    """Of a constant among ten thousand nodes, wherever it stands in what is copied at once."""
    weight = np.arange(4096, dtype=np.float32)
    relus = [helper.make_node("Relu", ["x"], [f"v{k}"]) for k in range(10_000)]
    assert len(relus) * 10 > BLOCK
    for place in (0, 63, 64, 65, 4_000, 10_000):
        tensor = numpy_helper.from_array(weight, "w")
        constant = helper.make_node("Constant", [], ["w"], value=tensor)
        made = models.model([*relus[:place], constant, *relus[place:], models.resize("x", "y")])
        path = tmp_path / "m.onnx"
        path.write_bytes(made.SerializeToString())
        found = skeleton(path, small=0)
        assert found.payload_bytes == weight.nbytes
        thin = parse(found.data, path)
        left = thin.graph.node[place].attribute[0].t
        np.testing.assert_array_equal(numpy_helper.to_array(left, str(tmp_path)), weight)
        thin.graph.node[place].attribute[0].t.CopyFrom(tensor)
        assert thin == made
