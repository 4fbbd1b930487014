"""Models that onnxruntime refuses, and their siblings that it takes, with the reason of each."""
