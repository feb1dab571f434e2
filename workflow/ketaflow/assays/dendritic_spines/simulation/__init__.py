"""Dendrites and microscopes drawn with a known truth."""
