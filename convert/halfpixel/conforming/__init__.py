"""A runtime, held against its exact weights."""
