"""Calibration curves: concentrations from responses, and the range in which they hold."""
