"""What does a reviewer need to see of a field?"""
