"""Where the puncta of one channel are: filtering, noise, watershed, tissue."""
