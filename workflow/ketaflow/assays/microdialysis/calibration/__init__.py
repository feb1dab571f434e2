"""Which peak is which analyte, and which concentration its area means."""
