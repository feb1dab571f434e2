"""Synaptic puncta: how many synapses stand in a square micrometre of tissue?

A section is stained for a protein of the presynaptic side (VGluT1, Bassoon, synapsin ...) and one of the
postsynaptic side (PSD95, Homer, gephyrin ...). Under the microscope each is a field of puncta; a pre and a post
punctum close together are a synapse. Some lie together by chance, so chance is measured on the same image, by
shifting one channel against the other, and taken out.

Sources: Ippolito and Eroglu 2010, J Vis Exp 45:2270 (counting co-localised puncta); Dani et al. 2010, Neuron
68:843 (pre and post scaffolds lie about 0.15 um apart); Li et al. 2010, Science 329:959 (ketamine raises
synaptic proteins and spines in prefrontal cortex).
"""
