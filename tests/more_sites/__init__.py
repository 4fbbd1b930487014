"""Operators that resample and are none of ONNX's resizes."""
