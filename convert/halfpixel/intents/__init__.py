"""Where "what was meant" comes from, one file a source."""
