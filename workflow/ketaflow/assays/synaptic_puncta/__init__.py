"""Synaptic puncta: how many synapses are there in a square micrometre of tissue?

A section is stained for a protein of the presynaptic side (VGluT1, Bassoon, synapsin ...) and one of the postsynaptic
side (PSD95, Homer, gephyrin ...). Each appears as a field of puncta, and a pre and a post punctum close together count
as a synapse. Some pairs form by chance. Their number is estimated in the same image, by shifting one channel against
the other, and subtracted.

Sources: Ippolito and Eroglu 2010, J Vis Exp 45:2270 (counting co-localised puncta); Dani et al. 2010, Neuron
68:843 (pre and post scaffolds lie about 0.15 um apart); Li et al. 2010, Science 329:959 (ketamine raises
synaptic proteins and spines in prefrontal cortex).
"""
