"""Sites, asked every rule."""
