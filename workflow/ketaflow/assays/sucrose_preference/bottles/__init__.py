"""What each bottle lost, and what of that the animal drank."""
