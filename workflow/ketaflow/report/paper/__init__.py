"""How do the figures of the results page become figures for a paper?

By matplotlib, as PDF, SVG and PNG of the widths of journals. The functions draw the ``Endpoint`` and the other models
of ``report.figures``; nothing is estimated here, and nothing is computed a second time.
"""
