"""Which model describes an endpoint? Model matrix, linear and mixed fits, repeated measures."""
