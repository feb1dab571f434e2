"""What the licks of a recording amount to: counts, bursts, contact time, light and dark phase."""
