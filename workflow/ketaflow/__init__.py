"""Raw recordings of a preclinical antidepressant study in; review and group statistics out."""

__version__ = "0.2.0"
