"""Blots drawn with a known truth, as an imager would store them."""
