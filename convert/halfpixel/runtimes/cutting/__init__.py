"""Sites cut out of their models, to be run by themselves."""
