"""Which puncta of two channels form pairs, how many pairs are expected by chance, and are the channels independent?"""
