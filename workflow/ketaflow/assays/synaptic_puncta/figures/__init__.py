"""What does a reviewer see of a field?"""
