"""What do reviewers and readers see: scene, filmstrip, activity, annotated video frames, Bland-Altman plots?"""
