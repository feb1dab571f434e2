"""Which recordings count? Codes that keep the review blind, and the decisions of the reviewers."""
