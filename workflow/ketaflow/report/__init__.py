"""Tables and pictures in, the two pages out: the blinded review and the results."""
