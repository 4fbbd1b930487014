"""A neural network of Core ML as ONNX: its layers by the operators of ML Programs."""
