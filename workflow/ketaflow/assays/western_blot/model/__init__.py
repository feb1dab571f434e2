"""Data of the western blot assay: rows of its tables, its settings, and what each stage hands to the next.

``ingest`` makes a ``Blot`` of the pictures of one membrane (or of those that share a picture), ``quantify`` a
``Measured`` of each ``Blot``. Rows are the direction of migration and count from the top of the picture, where the
wells are; columns count from its left edge.
"""

from ketaflow.assays.western_blot.model.membranes import (
    BackgroundMethod,
    Ladder,
    LaneGrid,
    Profiles,
    View,
    ViewSummary,
)
from ketaflow.assays.western_blot.model.pictures import (
    Blot,
    Scan,
    Storage,
)
from ketaflow.assays.western_blot.model.results import (
    Band,
    BoxOrigin,
    BoxVolume,
    Dilution,
    Fingerprint,
    Measured,
    TargetSummary,
    ViewKey,
)
from ketaflow.assays.western_blot.model.settings import (
    CohortSettings,
    IngestSettings,
    QcSettings,
    QuantifySettings,
)
from ketaflow.assays.western_blot.model.table_rows import (
    CONTROL_ROLES,
    Box,
    Drawn,
    Frame,
    GivenRow,
    Lane,
    Polarity,
    Role,
    Sample,
    Target,
    TruthRow,
)

__all__ = [
    "CONTROL_ROLES",
    "BackgroundMethod",
    "Band",
    "Blot",
    "Box",
    "BoxOrigin",
    "BoxVolume",
    "CohortSettings",
    "Dilution",
    "Drawn",
    "Fingerprint",
    "Frame",
    "GivenRow",
    "IngestSettings",
    "Ladder",
    "Lane",
    "LaneGrid",
    "Measured",
    "Polarity",
    "Profiles",
    "QcSettings",
    "QuantifySettings",
    "Role",
    "Sample",
    "Scan",
    "Storage",
    "Target",
    "TargetSummary",
    "TruthRow",
    "View",
    "ViewKey",
    "ViewSummary",
]
