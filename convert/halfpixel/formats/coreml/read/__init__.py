"""From the bytes of a Core ML model to its sites."""
