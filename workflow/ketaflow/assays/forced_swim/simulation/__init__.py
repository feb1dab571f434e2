"""How is a swim with known truth drawn: the mouse, its schedule, the scene, and human raters?"""
