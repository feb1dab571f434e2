"""What each bottle lost, and how much of that the animal drank."""
