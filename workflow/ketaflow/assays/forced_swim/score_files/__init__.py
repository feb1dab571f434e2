"""What did people or other programs score, and how is it read from their own files?

``formats`` lists the formats and chooses the reader; every reader gives bouts or totals (``scored_bouts``) and the
faults of its file.
"""
