"""Which puncta of two channels belong together beyond chance, and whether the channels are independent."""
