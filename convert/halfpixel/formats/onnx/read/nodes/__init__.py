"""The nodes of a graph: their order, what their bytes tell, and which are alike."""
