"""Scripts that are exported with the values of the endpoints."""
