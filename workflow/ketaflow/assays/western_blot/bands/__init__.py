"""Where the bands of a lane are, what mass each has, and how much signal it holds above its background."""
