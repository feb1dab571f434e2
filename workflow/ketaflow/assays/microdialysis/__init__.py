"""Microdialysis: from chromatograms of dialysate fractions to the glutamate response of each animal.

A probe in the brain is perfused at about one microlitre per minute. What diffuses in is collected in fractions, and
each fraction is one chromatogram (or one row of a result table). Peaks are integrated above a straight line with
perpendicular drops and identified by their retention in the standards. A weighted calibration line with limits of
quantification gives concentrations. Times are corrected for the dead volume behind the probe. The response is expressed
in percent of the animal's own baseline before the dose. Glutamate in the prefrontal cortex of the rat rises after 10 to
30 mg/kg of ketamine, does not change after 50, and falls after 200: an inverted U.

Sources: Moghaddam, Adams, Verma & Daly (1997), J Neurosci 17:2921-2927 (the dose response); Chefer, Thompson,
Zapata & Shippenberg (2009), Curr Protoc Neurosci 7.1, PMC2953244 (relative recovery, no net flux).
"""
