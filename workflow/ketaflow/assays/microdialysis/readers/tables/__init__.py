"""Tables of peaks, of results, and of whole batches, in place of a trace."""
