"""From the bytes of an ONNX model to its sites."""
