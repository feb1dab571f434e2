"""Which values did the plate reader export for which wells, at which wavelength?"""
