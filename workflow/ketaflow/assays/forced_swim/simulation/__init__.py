"""How is a swim with known truth drawn: the mouse, its schedule, the scene, and human raters?

``swim_plan`` says what an animal does when, ``simulated_mouse`` how its body moves, ``rendering`` draws the video, and
``simulated_raters`` scores it as people would. For the demonstration, tests and benchmarks only.
"""
