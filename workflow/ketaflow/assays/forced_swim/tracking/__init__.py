"""Where are the cylinders, the water and the animal in a video, and how much does the animal move?"""
