"""Where are the puncta of a channel, and which part of the field is tissue?"""
