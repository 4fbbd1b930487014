"""From a change of a site to the bytes of an ONNX model."""
