"""What does each section of the results page say?"""
