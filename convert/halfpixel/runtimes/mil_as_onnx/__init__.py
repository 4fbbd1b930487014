"""An ML Program as ONNX: how it runs where Core ML is not."""
