"""The words all assays share: cohort, tables, settings, records, batches, errors."""
