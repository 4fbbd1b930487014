"""ONNX's words."""
