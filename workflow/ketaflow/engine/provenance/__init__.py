"""What was run on what? Versions, fingerprints of inputs and outputs, and whether they still match."""
