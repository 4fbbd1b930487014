"""Many models: what the tests of a batch share."""
