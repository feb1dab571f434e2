"""What did people score, how well do scorers agree, and which threshold reproduces human scores?

``human_scores`` brings tables and event logs into one shape, ``comparison`` puts scorers side by side, ``agreement``
computes the statistics, ``rater_checks`` names raters and recordings that do not fit, ``threshold_fitting`` fits
ketaflow's threshold to people.
"""
