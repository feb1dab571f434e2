"""Blinding of recordings, and the decisions reviewers make on them."""
