"""Readings of bottles in the sheets that labs keep, and intakes from cages that weigh their bottles."""
