"""What a runtime makes of a site."""
