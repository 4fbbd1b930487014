"""Engines: one file each, whose name ends in `_`, which ends in `ENGINE`."""
