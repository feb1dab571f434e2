"""What does the animal do when: immobility, swimming, climbing or diving, and for how many seconds?

``states`` gives each frame of a trace a state, ``bouts`` joins frames to bouts and adds them up, ``measures`` computes
every measure of a swim. All work on the stored trace, so a changed threshold takes no decoding.
"""
