"""Which files hold a swim or its human scores, and how are they read? Videos, EthoVision exports, event logs."""
