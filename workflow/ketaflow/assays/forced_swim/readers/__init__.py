"""Which files hold a swim or its human scores, and how are they read?

``video`` reads videos, ``ethovision`` raw exports of EthoVision XT, ``event_logs`` what people scored with BORIS and
similar programs.
"""
