"""What the reviewer and the results page show of chromatograms, calibration and time courses."""
