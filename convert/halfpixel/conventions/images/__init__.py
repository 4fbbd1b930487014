"""What image libraries call a resize."""
