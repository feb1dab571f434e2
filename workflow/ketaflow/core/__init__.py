"""What all assays share: cohort tables, settings, files, images, drawings, measurements, checks and errors."""
