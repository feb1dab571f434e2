"""What the reviewer and the results page show of spines."""
