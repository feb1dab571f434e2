"""How much does an animal move whose body parts another program followed (DeepLabCut, SLEAP)?

``deeplabcut`` and ``sleap`` read the files, ``individuals`` finds the animal of a cylinder, ``motion`` makes the trace,
``pose_files`` does all three.
"""
