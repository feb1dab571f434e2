"""Where are stained cells, and how far does each extend?"""
