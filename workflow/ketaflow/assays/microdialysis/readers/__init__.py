"""Which instrument wrote a file, and what it holds: traces, the instrument's own peaks, or concentrations."""
