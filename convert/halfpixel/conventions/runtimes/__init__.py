"""What runtimes call a resize."""
