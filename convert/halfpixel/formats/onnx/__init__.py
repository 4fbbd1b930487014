"""ONNX: what an opened and a changed model is."""
