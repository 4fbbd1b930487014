"""From a change of a site to the bytes of a Core ML model."""
