"""What ONNX models compute inside of their nodes: in branches, bodies and functions."""
