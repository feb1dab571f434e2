"""What the reviewer and the reader of a paper see of a blot."""
