"""What pingouin does for us, in our column names.

pingouin takes seconds to load and renames its columns between versions, so that it is loaded where it is
used and nowhere else is spoken to.
"""

import numpy as np
import pandas as pd


def games_howell(values: np.ndarray, groups: np.ndarray) -> pd.DataFrame:
    """Games and Howell's comparison of all pairs: level, reference, estimate, se, statistic, df, p_adjusted.

    The statistic is the difference over its standard error sqrt(s1^2/n1 + s2^2/n2).
    """
    import pingouin

    frame = pd.DataFrame({"value": values, "group": groups})
    with np.errstate(divide="ignore", invalid="ignore"):
        found = pingouin.pairwise_gameshowell(frame, dv="value", between="group")
    found = found[np.isfinite(found["df"])]  # two groups without any spread have no test
    return pd.DataFrame({
        "level": found["B"], "reference": found["A"], "estimate": -found["diff"].to_numpy(float), "se": found["se"],
        "statistic": -found["T"].to_numpy(float), "df": found["df"], "p_adjusted": found["pval"],
    })  # fmt: skip
