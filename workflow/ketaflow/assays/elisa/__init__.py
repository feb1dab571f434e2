"""ELISA: how much of a protein do plasma and tissue contain?

A plate reader measures the absorbance of a coloured product in every well. Standards of known concentration on the same
plate give a curve, from which the concentration of each sample is read. BDNF in plasma rises about four hours after an
infusion of ketamine; in tissue it is given per milligram of protein.

Sources: Haile et al. 2014, Int J Neuropsychopharmacol 17:331 (plasma BDNF 240 min after ketamine); Findlay and Dillard
2007, AAPS J 9:E260 (logistic curves, weights); O'Connell et al. 1993, Chemometr Intell Lab Syst 20:97 (intervals by
inverse prediction); ICH M10 2022 (acceptance of standards, controls and dilutions).
"""
