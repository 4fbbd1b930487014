"""LiteRT: `.tflite` files, and the bundles that hold one as it is."""
