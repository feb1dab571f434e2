"""Western blots: protein per animal, from the imager's picture and a map of its lanes.

A membrane carries one sample per lane. Each picture of it shows one protein (the target, its phosphorylated form, a
loading control) or all protein. The lane map lists the lanes and whose samples they hold. Lanes, bands and background
are found in the picture, and every value is the volume of a band: its signal summed over a box, less the background.

Volumes become comparable in a fixed order: background, quality, loading (total protein or housekeeping proteins),
phosphorylated over total, the membrane's pooled reference, repeats, animal. No animal is divided by itself.

Sources
-------
* Total protein or several housekeeping proteins as loading control, linear range shown: Butler et al. 2019,
  PMC6360618; Aldridge et al. 2008, doi:10.1016/j.jneumeth.2008.04.001 (housekeeping proteins saturate; unverified).
* Asymmetrically reweighted baselines: Baek et al. 2015, doi:10.1039/C4AN01061B.
* Rise of phospho-mTOR and synaptic proteins after ketamine: Li et al. 2010, doi:10.1126/science.1190287.
"""
