"""What the rows of a table ask of a node, in the field's words."""
