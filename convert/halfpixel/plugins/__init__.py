"""The jobs inside the tools that people convert and test with."""
