"""What an imager's file holds: pixels in counts, their intensity scale, and one membrane or several."""
