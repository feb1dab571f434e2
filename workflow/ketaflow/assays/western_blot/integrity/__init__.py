"""What makes a picture or a measurement doubtful: altered pixels, duplicated lanes, uneven transfer."""
