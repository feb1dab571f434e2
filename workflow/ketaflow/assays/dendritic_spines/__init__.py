"""Dendritic spines: how many a micrometre of dendrite carries, how large, of what shape.

A neuron filled with a fluorophore is imaged by confocal or two-photon microscopy, as a stack of optical
sections or a projection of it. The shaft is traced, protrusions from it are found and each is judged by a
small scorer; length, head and neck are measured in micrometres; a named rule set gives the class. Spines are
lost in the frontal cortex under chronic stress and come back within a day of one dose of ketamine.

Density is spines per micrometre of the shaft's centreline in three dimensions, not of its projection. A
dendrite is not an animal: each is one ``sample`` below its animal.

Sources: Li et al. 2010, Science 329:959 (density after ketamine); Moda-Sava et al. 2019, Science 364:eaat8078
(spines restored after stress); Rodriguez et al. 2008, PLoS ONE 3:e1997 (head and neck rules); Fernholz et al.
2024, PLoS Comput Biol (people agree on 82 % of spines).
"""
