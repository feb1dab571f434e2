"""Does anything on the plate depend on where a well lies: exchanged rows, edges, drift?"""
