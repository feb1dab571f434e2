"""Where the lanes of a membrane are, and what the profile of each looks like."""
