"""What does each section of the results page say?

Functions take the study or its endpoints and return tables and texts for the template; nothing is estimated here.
"""
