"""How the concentrations of one animal change over time: brain time, baseline, response, no net flux."""
