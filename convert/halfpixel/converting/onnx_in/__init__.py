"""From an ONNX file to a PyTorch module."""
