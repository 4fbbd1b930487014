"""Resampling calls in plain operators, at lengths that are symbols."""
