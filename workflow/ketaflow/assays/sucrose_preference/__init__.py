"""Sucrose preference: does an animal still drink what it likes?

An animal chooses between a bottle of sucrose and a bottle of water. The share of sucrose in its intake falls in
anhedonia and rises again under antidepressants. It is measured from the weights or volumes of the bottles (corrected by
leak-control bottles), or from the licks that a lickometer records.

Sources: Strekalova et al. 2011, Behav Brain Funct 7:9 (65 % criterion); Serchov et al. 2016,
Bio-protocol 6(19):e1958 (preference per day, swapped sides); Godynyuk et al. 2019, eNeuro 6:0292
(Sipper); Naneix et al. 2019, Neuroscience (lick bursts).
"""
