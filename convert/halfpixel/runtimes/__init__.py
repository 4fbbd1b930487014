"""Runtimes: onnxruntime, PyTorch, onnx's reference evaluator, and recorded arrays."""
