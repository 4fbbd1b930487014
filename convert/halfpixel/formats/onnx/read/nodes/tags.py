"""The first fields of a node in its bytes, in the order in which protobuf writes them.

Source: Protocol Buffers documentation, "Encoding"; field numbers from ONNX `onnx.proto`, NodeProto.
"""

INPUT, OUTPUT, NAME, TYPE = (number << 3 | 2 for number in (1, 2, 3, 4))
"""Tags, a byte each."""

LONGEST = 127
"""Bytes of a name whose length is one byte."""

LARGE = 2_000
"""Nodes of a graph from which on their bytes are read, with what that needs to be imported."""
