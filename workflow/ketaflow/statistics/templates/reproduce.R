# Reproduce the p values of contrasts.csv, omnibus.csv, diagnostics.csv and dose_response.csv from values.csv in R.
#
# Run Rscript reproduce.R in this folder; it needs lme4, lmerTest, pbkrtest, emmeans, car, mvtnorm and jsonlite. Tests
# that R lacks (Games-Howell, Dunn, Jonckheere, step-down Dunnett, corrections over a family) are written out below. It
# prints each p value that differs by more than the tolerance, and ends with status 1 if there is one.
suppressPackageStartupMessages({library(lmerTest); library(emmeans)})
options(contrasts = c("contr.sum", "contr.poly"))
emm_options(msg.interaction = FALSE, msg.nesting = FALSE, pbkrtest.limit = 1e5, lmerTest.limit = 1e5)
set.seed(1)  # mvtnorm integrates with random numbers
TOLERANCE <- 1e-3

# The files -----------------------------------------------------------------------------------------------------------
read <- function(name, words) {
  table <- read.csv(paste0(name, ".csv"), na.strings = "", check.names = FALSE, colClasses = "character")
  for (column in setdiff(names(table), words)) table[[column]] <- type.convert(table[[column]], as.is = TRUE)
  for (column in intersect(names(table), words)) table[[column]][is.na(table[[column]])] <- ""
  table
}
KEYS <- c("endpoint", "dataset", "sensitivity", "model", "contrast", "level", "reference", "term", "note", "family",
          "df_method", "adjustment", "family_adjustment", "sum_of_squares_type", "check", "drug", "parameter")
values <- read("values", c("endpoint", "dataset", "animal", "arm", "session", "sample", "status", "source", "period"))
contrasts_table <- read("contrasts", KEYS)
omnibus <- read("omnibus", KEYS)
diagnostics <- read("diagnostics", KEYS)
dose_response <- read("dose_response", KEYS)
arms <- read("arms", "arm")
if (is.null(arms$order)) arms$order <- 0
arms <- arms[order(!as.logical(arms$control), arms$order, arms$dose_mg_per_kg), ]
PLAN <- jsonlite::fromJSON("analysis.json", simplifyVector = FALSE)$plan

# Names of factor levels, as the tables have them: numbers without a decimal point, an empty cell as none.
level_name <- function(x) {
  if (is.logical(x) && !all(is.na(x))) x <- ifelse(x, "yes", "no")
  if (is.numeric(x)) x <- ifelse(is.na(x), NA, sprintf("%g", x))
  ifelse(is.na(x) | x == "", "none", as.character(x))
}

as_factor <- function(x, name) {
  x <- level_name(x)
  if (name == "arm") return(factor(x, levels = arms$arm[arms$arm %in% x]))
  numbers <- suppressWarnings(as.numeric(unique(x)))
  factor(x, levels = unique(x)[order(numbers, unique(x))])
}

averaged <- function(d, column) {
  means <- tapply(d[[column]], d$unit, mean)
  d <- d[!duplicated(d$unit), ]
  d[[column]] <- as.numeric(means[d$unit])
  d
}

# Values that entered one analysis, with y on its scale and the factors of the plan.
rows_of <- function(row, model = row$model, scale = row$estimate_scale) {
  plan <- PLAN$endpoints[[row$endpoint]]
  enters <- values$excluded == "no"
  if (row$sensitivity == "without_exclusions") enters <- enters | values$source == "plan"
  d <- values[values$endpoint == row$endpoint & values$dataset == row$dataset & enters & !is.na(values$value), ]
  d$unit <- if (plan$design == "crossover") paste(d$animal, d$period) else d$animal
  if (identical(plan$summary, "mean")) d <- averaged(d, "value")
  if (identical(plan$at_bounds, "squeeze")) squeezed <- (d$value * (nrow(d) - 1) + 50) / nrow(d) else squeezed <- d$value
  d$y <- switch(scale, log = log(d$value), logit = qlogis(squeezed / 100), d$value)
  if (row$sensitivity == "without_flagged") d <- d[d$status != "flagged", ]
  if (!grepl("| animal)", model, fixed = TRUE)) d <- averaged(d, "y")
  d$sample <- interaction(d$animal, d$sample, drop = TRUE)
  for (name in c("arm", unlist(plan$fixed), if (plan$design == "crossover") "period", time_of(d, plan)))
    d[[name]] <- as_factor(d[[name]], name)
  # lmer misses the optimum of random slopes over large numbers; no test depends on the unit of a numeric time.
  if (is.numeric(d$time_min)) d$time_min <- d$time_min / max(1, abs(d$time_min), na.rm = TRUE)
  d
}

# The column of the times, if they are a factor.
time_of <- function(d, plan) {
  if (plan$design != "repeated" || plan$time != "factor") return(NULL)
  if (any(!is.na(d$time_min))) "time_min" else "session"
}

treatment_of <- function(row) unlist(PLAN$endpoints[[row$endpoint]]$fixed)[1]

# Levels and doses of a series, from a note such as "over vehicle (0), ket5 (5)".
series <- function(note) {
  parts <- strsplit(sub("^over ", "", sub(";.*", "", note)), "(?<=\\)), ", perl = TRUE)[[1]]
  doses <- as.numeric(sub(".*\\(([-+0-9.e]+)\\)$", "\\1", parts))
  setNames(doses, sub(" \\([-+0-9.e]+\\)$", "", parts))
}

# Models --------------------------------------------------------------------------------------------------------------
fit <- function(model, d) {
  right <- sub(", HC3$", "", sub("^(linear|mixed): (y|log\\(y\\)|logit\\(y\\))", "y", model))
  if (startsWith(model, "mixed")) suppressMessages(lmer(as.formula(right), d)) else lm(as.formula(right), d)
}

hc3 <- function(m) {
  x <- model.matrix(m)
  bread <- solve(crossprod(x))
  bread %*% crossprod(x * residuals(m) / (1 - hatvalues(m))) %*% bread
}

means <- function(m, row, factors) {
  df <- if (row$df_method == "Kenward-Roger") "kenward-roger" else "satterthwaite"
  if (grepl("HC3$", row$model)) return(emmeans(m, factors, vcov. = hc3(m)))
  emmeans(m, factors, lmer.df = df)
}

# Weights of the marginal means in every comparison of a contrast of the plan, one row each.
weights_of <- function(rows, grid, d, treatment) {
  cell <- function(...) {
    at <- list(...)
    hit <- rep(TRUE, nrow(grid))
    for (name in names(at)) hit <- hit & as.character(grid[[name]]) == at[[name]]
    hit / sum(hit)
  }
  mean_of <- function(level) do.call(cell, setNames(list(level), treatment))
  both <- function(a, second, b) do.call(cell, setNames(list(a, b), c(treatment, second)))
  custom <- Filter(function(each) is.list(each) && each$name == rows$contrast[1], PLAN$endpoints[[rows$endpoint[1]]]$contrasts)
  t(sapply(seq_len(nrow(rows)), function(i) {
    row <- rows[i, ]
    if (length(custom))
      return(Reduce(`+`, lapply(names(custom[[1]]$weights), function(l) custom[[1]]$weights[[l]] * mean_of(l))))
    if (row$contrast == "williams") {
      n <- table(d[[treatment]][!duplicated(d$unit)])
      pooled <- tail(levels(d[[treatment]]), i)
      return(Reduce(`+`, lapply(pooled, function(l) n[[l]] / sum(n[pooled]) * mean_of(l))) - mean_of(row$reference))
    }
    if (row$contrast == "simple") {
      where <- strsplit(sub(".* \\| ", "", row$level), "=")[[1]]
      first <- sub(" \\| .*", "", c(row$level, row$reference))
      return(both(first[1], where[1], where[2]) - both(first[2], where[1], where[2]))
    }
    if (row$contrast == "interaction") {
      at <- regmatches(row$reference, regexec("^\\((.*) - (.*)\\) x \\((.*) - (.*)\\)$", row$reference))[[1]]
      second <- sub("^.*:", "", row$level)
      return(both(at[2], second, at[4]) - both(at[3], second, at[4]) - both(at[2], second, at[5]) + both(at[3], second, at[5]))
    }
    mean_of(row$level) - mean_of(row$reference)
  }))
}

one_sided <- function(t, df, alternative)
  switch(alternative, "two-sided" = 2 * pt(-abs(t), df), greater = pt(-t, df), less = pt(t, df))

# Probability that the most extreme of several correlated t reaches t; mvtnorm takes whole df, between which the
# probability is nearly linear in 1 / df.
mvt_p <- function(t, df, correlation, alternative) {
  k <- nrow(correlation)
  if (k == 1) return(one_sided(t, df, alternative))
  limits <- switch(alternative, "two-sided" = list(rep(-abs(t), k), rep(abs(t), k)), greater = list(rep(-Inf, k), rep(t, k)),
                   less = list(rep(t, k), rep(Inf, k)))
  at <- function(whole) 1 - mvtnorm::pmvt(limits[[1]], limits[[2]], df = whole, corr = correlation, abseps = 1e-5)[1]
  low <- max(1, floor(df))
  if (abs(df - low) < 1e-6) return(at(low))
  share <- (1 / df - 1 / low) / (1 / (low + 1) - 1 / low)
  (1 - share) * at(low) + share * at(low + 1)
}

adjusted <- function(rows, t, df, correlation, own) {
  alternative <- rows$alternative[1]
  switch(rows$adjustment[1],
    holm = p.adjust(own, "holm"),
    tukey = ptukey(abs(t) * sqrt(2), (1 + sqrt(1 + 8 * length(t))) / 2, df, lower.tail = FALSE),
    "step-down" = {
      order_ <- order(switch(alternative, "two-sided" = -abs(t), greater = -t, less = t))
      p <- sapply(seq_along(order_), function(i) {
        rest <- order_[i:length(order_)]
        mvt_p(t[rest[1]], df[rest[1]], correlation[rest, rest, drop = FALSE], alternative)
      })
      cummax(p)[order(order_)]
    },
    dunnett = , mvt = mapply(function(t, df) mvt_p(t, df, correlation, alternative), t, df),
    own)
}

# Two one-sided tests that the difference is smaller than the smallest effect that matters.
equivalence <- function(rows, estimate, se, df) {
  margin <- rows$smallest_effect
  if (rows$estimate_scale[1] == "log") margin <- log(margin)
  ifelse(is.na(rows$equivalence_p_value), NA, pmax(pt(-(estimate + margin) / se, df), pt((estimate - margin) / se, df)))
}

of_model <- function(rows) {
  row <- rows[1, ]
  d <- rows_of(row)
  treatment <- treatment_of(row)
  if (row$contrast == "trend") {
    doses <- series(row$note)
    d <- droplevels(d[d[[treatment]] %in% names(doses), ])
    d$dose_mg_per_kg <- as.numeric(doses[as.character(d[[treatment]])])
    df <- if (row$df_method == "Kenward-Roger") "kenward-roger" else "satterthwaite"
    m <- fit(row$model, d)
    slope <- emtrends(m, ~ 1, var = "dose_mg_per_kg", lmer.df = df)
    found <- as.data.frame(summary(slope, infer = c(FALSE, TRUE)))
    estimate <- found[[2]]
    p <- one_sided(found$t.ratio, found$df, row$alternative)
    return(data.frame(p = p, adjusted = p, equivalence = equivalence(rows, estimate, found$SE, found$df)))
  }
  m <- fit(row$model, d)
  second <- switch(row$contrast, simple = sub("=.*", "", sub(".* \\| ", "", row$level)),
                   interaction = sub("^.*:", "", row$level), NULL)
  emm <- means(m, row, c(treatment, second))
  grid <- as.data.frame(emm)
  if (row$contrast == "inverted_u") return(inverted_u(rows, emm, grid, treatment))
  found <- contrast(emm, apply(weights_of(rows, grid, d, treatment), 1, identity, simplify = FALSE))
  table <- as.data.frame(summary(found, infer = c(FALSE, TRUE), adjust = "none"))
  correlation <- cov2cor(vcov(found))
  own <- one_sided(table$t.ratio, table$df, row$alternative)
  data.frame(p = own, adjusted = adjusted(rows, table$t.ratio, table$df, correlation, own),
             equivalence = equivalence(rows, table$estimate, table$SE, table$df))
}

# Intermediate doses against both the control and the highest dose: the larger of two one-sided p, Holm over the doses.
inverted_u <- function(rows, emm, grid, treatment) {
  sign <- if (grepl("lower values expected", rows$note[1])) -1 else 1
  p <- sapply(seq_len(nrow(rows)), function(i) {
    others <- strsplit(rows$reference[i], " and ")[[1]]
    weights <- lapply(others, function(o) (grid[[treatment]] == rows$level[i]) - (grid[[treatment]] == o))
    found <- as.data.frame(contrast(emm, weights, adjust = "none"))
    max(pt(-sign * found$t.ratio, found$df))
  })
  data.frame(p = p, adjusted = p.adjust(p, "holm"), equivalence = NA)
}

# Tests of groups without a model -------------------------------------------------------------------------------------
normal_p <- function(z, alternative)
  switch(alternative, "two-sided" = 2 * pnorm(-abs(z)), greater = pnorm(-z), less = pnorm(z))

jonckheere_z <- function(y, dose) {
  n <- table(dose)
  ties <- table(y)
  total <- length(y)
  pairs <- combn(sort(unique(dose)), 2)
  j <- sum(apply(pairs, 2, function(at) sum((sign(outer(y[dose == at[2]], y[dose == at[1]], "-")) + 1) / 2)))
  f <- function(x) sum(x * (x - 1) * (2 * x + 5))
  g <- function(x) sum(x * (x - 1) * (x - 2))
  h <- function(x) sum(x * (x - 1))
  variance <- (total * (total - 1) * (2 * total + 5) - f(n) - f(ties)) / 72 +
    g(n) * g(ties) / (36 * total * (total - 1) * (total - 2)) + h(n) * h(ties) / (8 * total * (total - 1))
  (j - (total^2 - sum(n^2)) / 4) / sqrt(variance)
}

dunn_z <- function(y, group, a, b) {
  ranks <- rank(y)
  n <- length(y)
  ties <- table(y)
  variance <- n * (n + 1) / 12 - sum(ties^3 - ties) / (12 * (n - 1))
  (mean(ranks[group == a]) - mean(ranks[group == b])) / sqrt(variance * (1 / sum(group == a) + 1 / sum(group == b)))
}

games_howell <- function(y, group, a, b) {
  v <- c(var(y[group == a]) / sum(group == a), var(y[group == b]) / sum(group == b))
  t <- (mean(y[group == a]) - mean(y[group == b])) / sqrt(sum(v))
  df <- sum(v)^2 / (v[1]^2 / (sum(group == a) - 1) + v[2]^2 / (sum(group == b) - 1))
  c(2 * pt(-abs(t), df), ptukey(abs(t) * sqrt(2), length(unique(group)), df, lower.tail = FALSE))
}

of_groups <- function(rows) {
  row <- rows[1, ]
  d <- rows_of(row)
  group <- as.character(d[[treatment_of(row)]])
  side <- sub("-", ".", row$alternative)
  if (row$model == "Jonckheere") {
    doses <- series(row$note)
    kept <- group %in% names(doses)
    p <- normal_p(jonckheere_z(d$y[kept], doses[group[kept]]), row$alternative)
    return(data.frame(p = p, adjusted = p, equivalence = NA))
  }
  if (row$model == "Games-Howell") {
    p <- mapply(function(a, b) games_howell(d$y, group, a, b), rows$level, rows$reference)
    return(data.frame(p = p[1, ], adjusted = p[2, ], equivalence = NA))
  }
  p <- mapply(function(a, b, model) {
    if (model == "Dunn") return(normal_p(dunn_z(d$y, group, a, b), row$alternative))
    if (model == "Welch") return(t.test(d$y[group == a], d$y[group == b], alternative = side)$p.value)
    exact <- grepl("exact", model)
    suppressWarnings(wilcox.test(d$y[group == a], d$y[group == b], alternative = side, exact = exact)$p.value)
  }, rows$level, rows$reference, rows$model)
  data.frame(p = p, adjusted = p.adjust(p, "holm"), equivalence = NA)
}

# Whole terms and diagnostics -----------------------------------------------------------------------------------------
scale_of <- function(row) {
  if (grepl("log(y)", row$model, fixed = TRUE) && !grepl("logit", row$model)) return("log")
  PLAN$endpoints[[row$endpoint]]$scale
}

# Univariate tests of a repeated-measures anova with its corrections, by car.
repeated <- function(d, row) {
  plan <- PLAN$endpoints[[row$endpoint]]
  time <- time_of(d, plan)
  wide <- tapply(d$y, list(d$animal, d[[time]]), mean)
  wide <- wide[stats::complete.cases(wide), ]
  animals <- d[match(rownames(wide), d$animal), , drop = FALSE]
  within <- data.frame(time__ = factor(colnames(wide), levels = colnames(wide)))
  right <- if (length(plan$fixed)) paste(unlist(plan$fixed), collapse = " + ") else "1"
  m <- lm(as.formula(paste("wide ~", right)), animals)
  type <- if (row$sum_of_squares_type == "II") 2 else 3
  list(summary = suppressWarnings(summary(car::Anova(m, idata = within, idesign = ~ time__, type = type), multivariate = FALSE)),
       wide = wide, model = m, time = time)
}

omnibus_p <- function(row) {
  if (row$model == "Friedman") {
    d <- rows_of(row, "(1 | animal)", scale_of(row))
    wide <- tapply(d$y, list(d$animal, d[[row$term]]), mean)
    return(friedman.test(wide[stats::complete.cases(wide), ])$p.value)
  }
  if (row$model == "repeated-measures anova") {
    found <- repeated(rows_of(row, "(1 | animal)", scale_of(row)), row)
    term <- gsub(found$time, "time__", row$term, fixed = TRUE)
    if (row$df_method == "none") return(found$summary$univariate.tests[term, "Pr(>F)"])
    table <- found$summary$pval.adjustments
    if (is.null(table)) return(NA)
    epsilon <- min(1, table[term, if (row$df_method == "Huynh-Feldt") "HF eps" else "GG eps"])
    test <- found$summary$univariate.tests[term, ]
    return(pf(test["F value"], test["num Df"] * epsilon, test["den Df"] * epsilon, lower.tail = FALSE))
  }
  d <- rows_of(row, scale = scale_of(row))
  if (row$model == "Welch") return(oneway.test(y ~ group, data.frame(y = d$y, group = d[[row$term]]))$p.value)
  if (row$model == "Kruskal-Wallis") return(kruskal.test(d$y, d[[row$term]])$p.value)
  m <- fit(row$model, d)
  same <- function(names) names[sapply(strsplit(names, ":"), setequal, strsplit(row$term, ":")[[1]])]
  if (inherits(m, "lmerMod")) {
    table <- anova(m, type = 3, ddf = if (row$df_method == "Kenward-Roger") "Kenward-Roger" else "Satterthwaite")
    return(table[same(rownames(table)), "Pr(>F)"])
  }
  if (row$sum_of_squares_type == "II") {
    table <- car::Anova(m, type = 2)
    return(table[same(rownames(table)), "Pr(>F)"])
  }
  labels <- attr(terms(m), "term.labels")
  own <- attr(model.matrix(m), "assign") == match(same(labels), labels)
  covariance <- if (grepl("HC3$", row$model)) hc3(m) else vcov(m)
  f <- sum(coef(m)[own] * solve(covariance[own, own], coef(m)[own])) / sum(own)
  pf(f, sum(own), df.residual(m), lower.tail = FALSE)
}

diagnostic_p <- function(row) {
  row$sensitivity <- ""
  planned <- contrasts_table[contrasts_table$endpoint == row$endpoint & contrasts_table$dataset == row$dataset &
                               contrasts_table$sensitivity == "", ]
  tests <- omnibus[omnibus$endpoint == row$endpoint & omnibus$dataset == row$dataset & omnibus$sensitivity == "", ]
  row$model <- tests$model[1]
  scale <- PLAN$endpoints[[row$endpoint]]$scale
  if (row$check == "mauchly") {
    row$sum_of_squares_type <- "III"
    found <- repeated(rows_of(row, "(1 | animal)", scale), row)
    return(mauchly.test(found$model, X = ~ 1)$p.value)
  }
  d <- rows_of(row, scale = scale)
  if (row$check == "shapiro_wilk") {
    m <- fit(row$model, d)
    fixed <- if (inherits(m, "lmerMod")) d$y - predict(m, re.form = NA) else residuals(m)
    return(shapiro.test(fixed)$p.value)
  }
  d <- rows_of(row, "", scale)
  group <- droplevels(d[[row$term]])
  switch(row$check, bartlett = bartlett.test(d$y, group)$p.value,
         levene = car::leveneTest(d$y, group, center = mean)[["Pr(>F)"]][1],
         brown_forsythe = car::leveneTest(d$y, group, center = median)[["Pr(>F)"]][1], NA)
}

# F test of a curve against a separate mean at each dose; the file's estimates are the starting values.
lack_of_fit_p <- function(row) {
  of_drug <- dose_response[dose_response$endpoint == row$endpoint & dose_response$dataset == row$dataset &
                             dose_response$drug == row$drug & dose_response$model == row$model, ]
  at <- as.list(setNames(of_drug$estimate, of_drug$parameter))
  row$sensitivity <- ""
  d <- rows_of(row, "", PLAN$endpoints[[row$endpoint]]$scale)
  treatment <- treatment_of(row)
  doses <- if (treatment == "arm") series_of(row$drug, d) else sapply(levels(d[[treatment]]), as.numeric)
  d <- d[d[[treatment]] %in% names(doses), ]
  x <- as.numeric(doses[as.character(d[[treatment]])])
  y <- d$y
  control <- nls.control(maxiter = 200, warnOnly = TRUE)
  m <- if (row$model == "emax")
    nls(y ~ e0 + emax * x / (exp(l) + x), start = list(e0 = at$e0, emax = at$emax, l = log(at$ed50)), control = control)
  else
    nls(y ~ c0 + ch / (1 + ifelse(x > 0, exp(exp(s) * (l - log(pmax(x, 1e-300)))), Inf)), control = control,
        start = list(c0 = at$control_limit, ch = at$top_dose_limit - at$control_limit, s = log(at$slope), l = log(at$ed50)))
  anova(m, lm(y ~ factor(x)))[["Pr(>F)"]][2]
}

# Arms that differ from the control by one drug alone, with their doses.
series_of <- function(drug, d) {
  own <- arms[arms$arm %in% d$arm, ]
  same <- function(column) if (is.null(own[[column]])) TRUE else level_name(own[[column]]) == level_name(own[[column]])[1]
  kept <- seq_len(nrow(own)) == 1 | (own$drug == drug & own$dose_mg_per_kg > 0 & same("pretreatment") & same("stressor"))
  setNames(own$dose_mg_per_kg[kept], own$arm[kept])
}

# Correction across a family: comparisons that are adjusted together within an endpoint count as one hypothesis group.
family_p <- function(rows) {
  method <- rows$family_adjustment[1]
  group <- paste(rows$endpoint, rows$contrast, ifelse(rows$contrast == "simple", sub(".* \\| ", "", rows$level),
    ifelse(rows$contrast == "interaction", rows$level,
      ifelse(rows$contrast %in% c("trend", "jonckheere"), rows$note, ifelse(rows$contrast == "inverted_u", rows$reference, "")))),
    sep = "\n")
  group <- match(group, unique(group))
  missing <- is.na(rows$adjusted)
  p <- ifelse(missing, 1, rows$adjusted)
  order_ <- order(p)
  later <- function(k) if (k < length(p)) group[order_[(k + 1):length(p)]] else integer()
  if (method == "holm") {
    count <- sapply(seq_along(p), function(k) length(unique(group[order_[k:length(p)]])))
    p[order_] <- cummax(p[order_] * count)
  } else if (method == "hochberg") {
    count <- sapply(seq_along(p), function(k) {
      own <- group[order_[k]]
      min(length(unique(c(later(k), own))) + (own %in% later(k)), length(unique(group)))
    })
    p[order_] <- rev(cummin(rev(p[order_] * count)))
  } else if (method == "fixed_sequence") {
    reached <- 0
    for (each in sort(unique(group))) {
      p[group == each] <- pmax(p[group == each], reached)
      reached <- max(p[group == each])
    }
  } else if (method == "bh") p <- p.adjust(ifelse(is.na(rows$p), 1, rows$p), "BH")
  ifelse(missing, NA, pmin(p, 1))
}

# Comparison ----------------------------------------------------------------------------------------------------------
counts <- c(compared = 0, wrong = 0, without = 0)
compare <- function(rows, published, here, what) {
  known <- !is.na(published)
  counts["compared"] <<- counts["compared"] + sum(known & !is.na(here))
  counts["without"] <<- counts["without"] + sum(known & is.na(here))
  differ <- known & !is.na(here) & abs(here - published) > TOLERANCE
  counts["wrong"] <<- counts["wrong"] + sum(differ)
  shown <- intersect(c("endpoint", "dataset", "sensitivity", "model", "contrast", "level", "term", "check"), names(rows))
  if (any(differ)) print(cbind(rows[differ, shown], what = what, file = published[differ], here = here[differ]), row.names = FALSE)
  if (any(known & is.na(here))) print(cbind(rows[known & is.na(here), shown], what = what, here = "none"), row.names = FALSE)
}

contrasts_table$p <- contrasts_table$adjusted <- NA_real_
tested <- which(!is.na(contrasts_table$p_value))
set_of <- with(contrasts_table[tested, ], paste(endpoint, dataset, sensitivity, contrast, sub(",.*", "", sub("^Mann.*", "MW", model)),
  ifelse(contrast %in% c("trend", "jonckheere"), note, ""), ifelse(contrast == "inverted_u", reference, ""),
  ifelse(contrast == "simple", sub(".* \\| ", "", level), ifelse(contrast == "interaction", level, "")), sep = "\n"))
for (places in split(tested, factor(set_of, unique(set_of)))) {
  rows <- contrasts_table[places, ]
  found <- if (grepl("^(linear|mixed)", rows$model[1])) of_model(rows) else of_groups(rows)
  contrasts_table$p[places] <- found$p
  contrasts_table$adjusted[places] <- found$adjusted
  compare(rows, rows$p_value, found$p, "p_value")
  compare(rows, rows$p_adjusted, found$adjusted, "p_adjusted")
  compare(rows, rows$equivalence_p_value, found$equivalence, "equivalence_p_value")
}
planned <- contrasts_table[contrasts_table$sensitivity == "", ]
for (rows in split(planned, paste(planned$family, planned$dataset))) compare(rows, rows$p_family, family_p(rows), "p_family")
each <- function(table, p_of) vapply(seq_len(nrow(table)), function(i) as.numeric(p_of(table[i, ])), numeric(1))
omnibus <- omnibus[!is.na(omnibus$p_value), ]
compare(omnibus, omnibus$p_value, each(omnibus, omnibus_p), "p_value")
diagnostics <- diagnostics[!is.na(diagnostics$p_value), ]
compare(diagnostics, diagnostics$p_value, each(diagnostics, diagnostic_p), "p_value")
curves <- dose_response[dose_response$parameter == "lack_of_fit_p" & !is.na(dose_response$estimate), ]
compare(curves, curves$estimate, each(curves, lack_of_fit_p), "lack_of_fit_p")
cat(sprintf("%d p values compared, %d differ; %d have no counterpart here\n", counts["compared"], counts["wrong"], counts["without"]))
quit(status = as.integer(counts["wrong"] > 0 || counts["without"] > 0))
