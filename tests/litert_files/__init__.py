"""LiteRT files that tests build: by the flatbuffers package, which the product does not use."""
