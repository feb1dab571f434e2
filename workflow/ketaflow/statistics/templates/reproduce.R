# Reproduce the p values of contrasts.csv and omnibus.csv from values.csv in R: Rscript reproduce.R (in this folder).
#
# Needs lme4, lmerTest, pbkrtest, emmeans and car, and for rank tests rstatix and clinfun. It prints each p value that
# differs by more than the tolerance. Adjusted p of several correlated t (Dunnett, Williams) have random errors in R.
suppressPackageStartupMessages({library(lmerTest); library(emmeans)})
options(contrasts = c("contr.sum", "contr.poly"))
TOLERANCE <- 1e-3

as_text <- function(x) ifelse(is.na(x), "", as.character(x))
values <- read.csv("values.csv", colClasses = c(animal = "character"), check.names = FALSE)
contrasts_table <- read.csv("contrasts.csv")
arms <- read.csv("arms.csv")
if (is.null(arms$order)) arms$order <- 0
arms <- arms[order(!as.logical(arms$control), arms$order, arms$dose_mg_per_kg), ]
set.seed(1)

# Values that entered one analysis, with y on its scale.
rows_of <- function(row) {
  keep <- values$endpoint == row$endpoint & values$dataset == row$dataset
  enters <- values$excluded == "no"
  if (row$sensitivity == "without_exclusions") enters <- enters | values$source == "plan"
  if (row$sensitivity == "without_flagged") enters <- enters & as_text(values$status) != "flagged"
  d <- values[keep & enters, ]
  random <- grepl("| animal)", row$model, fixed = TRUE) || !is.null(d$period)
  if (!random && row$sensitivity != "unit_means" && grepl("^linear", row$model)) d <- averaged(d, "value")
  if (grepl("squeezed", row$note)) d$value <- (d$value * (nrow(d) - 1) + 50) / nrow(d)
  d$y <- switch(row$estimate_scale, log = log(d$value), logit = qlogis(d$value / 100), d$value)
  if (!random) d <- averaged(d, "y")
  d$sample <- interaction(d$animal, as_text(d$sample), drop = TRUE)
  d$arm <- factor(d$arm, levels = arms$arm[arms$arm %in% d$arm])
  d
}

averaged <- function(d, column) {
  means <- tapply(d[[column]], d$animal, mean)
  d <- d[!duplicated(d$animal), ]
  d[[column]] <- as.numeric(means[d$animal])
  d
}

# Levels and doses of a series, from a note such as "over vehicle (0), ket5 (5)".
series <- function(note) {
  parts <- regmatches(note, gregexpr("[^,;]+ \\([-0-9.]+\\)", sub("^over ", "", sub(";.*", "", note))))[[1]]
  doses <- as.numeric(sub(".*\\(([-0-9.]+)\\)$", "\\1", parts))
  setNames(doses, trimws(sub(" \\([-0-9.]+\\)$", "", parts)))
}

fit <- function(row, d) {
  formula <- sub(", HC3$", "", sub("^(linear|mixed): ", "", row$model))
  right <- gsub("log\\(y\\)|logit\\(y\\)", "y", formula)
  for (name in intersect(all.vars(as.formula(right)), c("time_min", "session", "sex", "period")))
    if (name != "time_min" || !grepl("time_min +| +time_min \\|", right)) d[[name]] <- factor(d[[name]])
  if (grepl("^mixed", row$model)) lmer(as.formula(right), d) else lm(as.formula(right), d)
}

# Means of the model at the levels of the treatment (and another factor), with the degrees of freedom that were used.
means <- function(m, row, specs) {
  vc <- if (grepl("HC3", row$model)) car::hccm(m, type = "hc3") else NULL
  df <- if (row$df_method == "Kenward-Roger") "kenward-roger" else "satterthwaite"
  if (is.null(vc)) emmeans(m, specs, lmer.df = df) else emmeans(m, specs, vcov. = vc)
}

SIDES <- c("two-sided" = "=", greater = ">", less = "<")
of_model <- function(rows) {
  row <- rows[1, ]
  d <- rows_of(row)
  side <- SIDES[[row$alternative]]
  adjust <- switch(row$adjustment, dunnett = "mvt", mvt = "mvt", tukey = "tukey", holm = "holm", "none")
  if (row$contrast == "trend") {
    doses <- series(row$note)
    d <- droplevels(d[d$arm %in% names(doses), ])
    d$dose_mg_per_kg <- doses[as.character(d$arm)]
    slope <- emtrends(fit(row, d), ~ 1, var = "dose_mg_per_kg")
    p <- summary(slope, infer = c(FALSE, TRUE), side = side)$p.value
    return(data.frame(p = p, adjusted = p))
  }
  m <- fit(row, d)
  if (row$contrast == "pairwise") {
    found <- contrast(means(m, row, "arm"), "revpairwise")
    names_ <- paste(rows$level, "-", rows$reference)
  } else if (row$contrast %in% c("dunnett", "dunnett_stepdown")) {
    found <- contrast(means(m, row, "arm"), "trt.vs.ctrl", ref = 1)
    names_ <- paste(rows$level, "-", rows$reference)
  } else return(NULL)
  own <- as.data.frame(summary(found, infer = c(FALSE, TRUE), side = side, adjust = "none"))
  together <- as.data.frame(summary(found, infer = c(FALSE, TRUE), side = side, adjust = adjust))
  place <- match(names_, gsub("[()]", "", own$contrast))
  if (row$adjustment == "step-down") together$p.value <- NA
  data.frame(p = own$p.value[place], adjusted = together$p.value[place])
}

of_groups <- function(rows) {
  row <- rows[1, ]
  d <- rows_of(row)
  side <- sub("-", ".", row$alternative)
  if (row$model == "Jonckheere") {
    doses <- series(row$note)
    d <- d[d$arm %in% names(doses), ]
    sides <- c("two.sided" = "two.sided", greater = "increasing", less = "decreasing")
    p <- clinfun::jonckheere.test(d$y, doses[as.character(d$arm)], alternative = sides[[side]])$p.value
    return(data.frame(p = p, adjusted = p))
  }
  if (row$model == "Games-Howell") {
    found <- rstatix::games_howell_test(d, y ~ arm)
    place <- match(paste(rows$reference, rows$level), paste(found$group1, found$group2))
    return(data.frame(p = NA, adjusted = found$p.adj[place]))
  }
  if (row$model == "Dunn") {
    found <- rstatix::dunn_test(d, y ~ arm, p.adjust.method = "none")
    p <- found$p[match(paste(rows$reference, rows$level), paste(found$group1, found$group2))]
  } else {
    test <- if (row$model == "Welch") t.test else function(...) wilcox.test(..., exact = grepl("exact", row$model))
    p <- mapply(function(a, b) test(d$y[d$arm == a], d$y[d$arm == b], alternative = side)$p.value,
                rows$level, rows$reference)
  }
  data.frame(p = p, adjusted = p.adjust(p, "holm"))
}

wrong <- 0; compared <- 0; other <- 0
tested <- contrasts_table[!is.na(contrasts_table$p_value), ]
for (name in c("sensitivity", "note", "df_method", "reference", "level")) tested[[name]] <- as_text(tested[[name]])
for (rows in split(tested, list(tested$endpoint, tested$dataset, tested$sensitivity, tested$contrast, tested$model),
                   drop = TRUE)) {
  found <- if (grepl("^(linear|mixed)", rows$model[1])) of_model(rows) else of_groups(rows)
  if (is.null(found)) { other <- other + nrow(rows); next }
  for (column in c("p", "adjusted")) {
    published <- if (column == "p") rows$p_value else rows$p_adjusted
    differ <- !is.na(found[[column]]) & abs(found[[column]] - published) > TOLERANCE
    compared <- compared + sum(!is.na(found[[column]]))
    wrong <- wrong + sum(differ)
    if (any(differ)) print(cbind(rows[differ, c("endpoint", "contrast", "level")], file = published[differ],
                                 here = found[[column]][differ]))
  }
}
cat(compared, "p values compared,", wrong, "differ;", other,
    "rows have contrasts this script does not have (simple, interaction, inverted U, Williams, weights): see emmeans\n")
quit(status = as.integer(wrong > 0))
