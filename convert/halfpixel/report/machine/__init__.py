"""What was found, for programs: one file a format, and one a command for what it has to say."""
