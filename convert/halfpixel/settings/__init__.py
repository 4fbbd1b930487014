"""What a project settles once: configuration files, what they exclude, and baselines."""
