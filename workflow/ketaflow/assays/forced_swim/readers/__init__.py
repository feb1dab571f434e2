"""Which files hold a swim, and how are they read?

``video`` reads videos, ``ethovision`` raw data and statistics of EthoVision XT. Scores of people and of other programs
are read by ``score_files``.
"""
