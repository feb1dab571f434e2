"""Do the arms differ, and by how much? Omnibus tests, contrasts, rank tests, dose response, diagnostics."""
