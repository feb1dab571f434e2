"""What do reviewers and readers see: scene, filmstrip, activity, annotated frames, Bland-Altman plots?

``review_figures`` draws what a reviewer judges, ``annotated_frame`` the frames of a clip, ``bland_altman`` and
``calibration_curve`` the comparison with people.
"""
