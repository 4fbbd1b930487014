"""Operators that resample, written in others that only move data: found from their last node."""
