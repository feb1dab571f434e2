"""How a scorer is trained: drawn images, and images that people scored."""
