"""Microdialysis: from chromatograms of dialysate fractions to the glutamate surge of each animal.

A probe in the brain is perfused at a microlitre or so per minute; what diffuses in is collected in fractions and each
fraction is one chromatogram (or one row of a result table). Peaks are integrated over a straight line with
perpendicular drops, named by their retention in the standards, turned into concentrations by a weighted calibration
that knows its limits of quantification, moved back in time by the dead volume behind the probe, and expressed as a
percentage of the animal's own baseline before the dose. Glutamate in the prefrontal cortex rises after 10 to 30 mg/kg
of ketamine in the rat, not after 50, and falls after 200: an inverted U.

Sources: Moghaddam, Adams, Verma & Daly (1997), J Neurosci 17:2921-2927 (the dose response); Chefer, Thompson,
Zapata & Shippenberg (2009), Curr Protoc Neurosci 7.1, PMC2953244 (relative recovery, no net flux).
"""
