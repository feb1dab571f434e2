"""How is a swim with known truth drawn: the mouse, its schedule, the scene, and human raters?

``swim_plan`` says what an animal does when, ``simulated_mouse`` how its body moves. ``room`` draws the scene,
``rendering`` the frames, and ``encoding`` writes them as a video. ``simulated_raters`` scores it as people would. For
the demonstration, tests and benchmarks only.
"""
