"""Where are the cylinders, the water and the animal in a video, and how much does the animal move?

``video_tracking`` reads a video once and makes a ``SwimFile`` of it. ``scene`` prepares key frames, ``background`` the
scene without animals, ``movement``, ``cylinder_detection`` and ``water_line`` the cylinders. ``motion`` follows one
animal with the help of ``body_mask`` and ``illumination``; ``trace`` expresses the result in units of the animal's own
size.
"""
