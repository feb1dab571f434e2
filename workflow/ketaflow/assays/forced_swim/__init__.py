"""Forced swim test: how long an animal floats instead of trying to get out.

A mouse or rat swims for some minutes in a cylinder of water it cannot leave, filmed from the side. Immobility is the
time it makes only the movements that keep its head above water [1]_; what remains is swimming or climbing [2]_. For
mice the last four of six minutes are scored [3]_. Antidepressants shorten immobility, ketamine within hours.

In: a video with one or more cylinders, or an EthoVision raw export. Out: seconds in each state for each animal, the
states themselves, bins, counts of 5-s samples, and the agreement with people who scored the same recordings.

References
----------
.. [1] Porsolt, Le Pichon, Jalfre (1977), Nature 266:730-732, doi:10.1038/266730a0
.. [2] Detke, Rickels, Lucki (1995), Psychopharmacology 121:66-72, doi:10.1007/BF02245592
.. [3] Can et al. (2012), J Vis Exp 59:3638, doi:10.3791/3638
"""
