"""What did human raters score, how well do scorers agree, and which threshold reproduces human scores?"""
