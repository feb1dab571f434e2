"""Microscope images: which pixels does a file hold, and how large is one of them?

In: a TIFF (plain, OME, ImageJ, LSM, MetaMorph), PNG, JPEG, ND2, LIF or CZI file. Out: an ``Image``, one channel in the
numbers the detector wrote, with its scale. A length cannot be measured without a scale, and many files carry a wrong
one (a screen resolution of 96 dpi reads as 264 um per pixel). A missing or impossible scale is therefore an error, and
the columns ``pixel_size_um`` and ``z_step_um`` of the cohort's table override the file. ``read_roi`` reads the region
of interest that a column ``roi`` names.
"""

from ketaflow.core.images.model import Image
from ketaflow.core.images.reading import read
from ketaflow.core.images.roi import Roi, read_roi

# Identifier of simulated OME-TIFF files; a random one would give the same pixels different bytes at each run.
SIMULATED_OME_UUID = "00000000-0000-0000-0000-000000000000"

__all__ = ["SIMULATED_OME_UUID", "Image", "Roi", "read", "read_roi"]
