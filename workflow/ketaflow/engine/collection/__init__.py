"""What the jobs of all assays made together: the tables of the study, the items reviewers judge, and a summary."""
