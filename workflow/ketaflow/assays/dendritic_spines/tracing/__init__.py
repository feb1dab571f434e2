"""Where the dendrites run, and what their shafts look like without spines."""
