"""What the licks of a recording amount to: counts, bursts, contact, light and dark phase."""
