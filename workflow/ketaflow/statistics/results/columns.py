"""The columns of the statistics tables, in the order they are written."""

CONTRASTS = (
    "endpoint", "dataset", "assay", "measure", "analyte", "region", "role", "family", "model", "contrast", "level",
    "reference", "n", "n_reference", "n_observations", "estimate", "estimate_scale", "unit", "se", "df", "df_method",
    "statistic_name", "statistic", "p_value", "p_adjusted", "p_family", "adjustment", "family_adjustment", "conf_level",
    "ci_low", "ci_high", "ci_type", "effect_size_name", "effect_size", "effect_ci_low", "effect_ci_high", "alternative",
    "smallest_effect", "equivalence_p_value", "equivalence_low", "equivalence_high", "sensitivity", "note",
)  # fmt: skip
OMNIBUS = (
    "endpoint", "dataset", "assay", "measure", "model", "term", "sum_of_squares_type", "df1", "df2", "df_method",
    "statistic_name", "statistic", "p_value", "sum_of_squares", "mean_square", "effect_size_name", "effect_size",
    "partial_eta_squared", "omega_squared", "sensitivity", "note",
)  # fmt: skip
DESCRIPTIVES = (
    "endpoint", "dataset", "assay", "measure", "unit", "arm", "time_min", "session", "n", "n_observations", "mean",
    "sd", "sem", "median", "q1", "q3", "ci_low", "ci_high", "adjusted_mean", "adjusted_se", "adjusted_df",
    "adjusted_ci_low", "adjusted_ci_high",
)  # fmt: skip
VARIANCE_COMPONENTS = (
    "endpoint", "dataset", "model", "group", "effect", "groups", "variance", "sd", "icc", "cluster_size",
    "design_effect", "effective_n", "sensitivity",
)  # fmt: skip
DIAGNOSTICS = (
    "endpoint",
    "dataset",
    "check",
    "term",
    "statistic_name",
    "statistic",
    "df1",
    "df2",
    "p_value",
    "message",
)
EXCLUSIONS = (
    "endpoint", "dataset", "assay", "animal", "recording", "session", "time_min", "sample", "value", "source", "rule",
    "reviewer", "reason",
)  # fmt: skip
POWER = (
    "endpoint", "dataset", "test", "smallest_effect", "unit", "sd", "standardised_effect", "groups", "alpha", "power",
    "n_per_arm", "n_exact", "n_now", "note",
)  # fmt: skip
DOSE_RESPONSE = (
    "endpoint", "dataset", "drug", "model", "parameter", "estimate", "se", "df", "ci_low", "ci_high", "unit",
    "estimable", "note",
)  # fmt: skip
DOSE_CURVES = ("endpoint", "dataset", "drug", "model", "dose", "estimate", "ci_low", "ci_high")
TABLES = {
    "descriptives": DESCRIPTIVES, "omnibus": OMNIBUS, "contrasts": CONTRASTS,
    "variance_components": VARIANCE_COMPONENTS,
    "diagnostics": DIAGNOSTICS, "exclusions": EXCLUSIONS, "power": POWER, "dose_response": DOSE_RESPONSE,
    "dose_curves": DOSE_CURVES,
}  # fmt: skip
