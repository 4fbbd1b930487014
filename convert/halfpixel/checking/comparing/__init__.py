"""Two calls, or nodes of models, compared: equal with the proof, or different with a witness."""
