"""Where the peaks of a trace are, where they begin and end, and how large their areas are."""
