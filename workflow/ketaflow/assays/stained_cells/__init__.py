"""Stained cells: how many cells of a region show a marker of activity or signalling, per square millimetre?

A section is stained for c-Fos, phosphorylated S6 (pS6), phosphorylated mTOR (p-mTOR), BDNF or another protein, in
fluorescence or with diaminobenzidine (DAB). Cells that stand out from their surroundings by a threshold that is the
same for all images are counted in the picture or in a region of interest drawn in ImageJ.

Sources: Ruifrok and Johnston 2001, Anal Quant Cytol Histol 23:291 (separation of stains); Gundersen 1977, J Microsc
111:219, doi:10.1111/j.1365-2818.1977.tb00062.x (unbiased counting at the edge); Li et al. 2010, Science 329:959,
doi:10.1126/science.1190287 (ketamine activates mTOR signalling in prefrontal cortex).
"""
