"""What is checked and written before a run: the plan against the cohort, and a cohort folder to fill in."""
