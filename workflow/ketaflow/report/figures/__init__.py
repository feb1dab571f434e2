"""How are the effects, values and correlations of a study drawn?

Functions take an ``Endpoint`` and the arms and return SVG; nothing is estimated here, except correlations.
"""
