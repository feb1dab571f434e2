"""Which places beside a shaft are spines, and what shape each has."""
