"""Configuration, suppressions and baselines; `trees` is what their tests share."""
