"""How a study runs: which recordings share a job, what a job reads and writes, and how the batches come together."""
