"""What does a field look like whose puncta and pairs are known?"""
