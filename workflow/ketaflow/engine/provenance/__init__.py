"""Provenance: versions, fingerprints of inputs and outputs, and whether they still match."""
