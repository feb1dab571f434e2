"""What runs need of the tables of a cohort: schemas, corrections, a checked plan, and a cohort folder to fill in."""
