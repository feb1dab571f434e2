"""How band volumes become values that can be compared between animals."""
