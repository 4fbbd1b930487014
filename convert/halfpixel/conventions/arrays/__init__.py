"""Libraries of arrays: SciPy, scikit-image, JAX."""
