"""Mutated model files, texts and tables, given to the commands; `python -m fuzzing --help`."""
