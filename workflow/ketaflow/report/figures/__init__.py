"""How are effects, values and correlations drawn?"""
