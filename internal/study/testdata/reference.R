# Reference results on students drawn for the purpose (students.csv, made here; no person is in
# it). Run in this folder: Rscript reference.R
# Needs R 4.2 with sandwich, clubSandwich, lme4, AER-free two-stage least squares by hand,
# metafor and jsonlite. Writes students.csv and reference.json.
suppressMessages({library(sandwich); library(clubSandwich); library(lme4); library(metafor); library(jsonlite)})
RNGkind("Mersenne-Twister", "Inversion", "Rejection"); set.seed(20261125)
S <- 24; C <- 3
school <- rep(1:S, times = sample(24:60, S, TRUE)); n <- length(school)
class <- (school - 1) * C + sample.int(C, n, TRUE)
us <- rnorm(S, 0, 6); vs <- rnorm(S, 0, 4); uc <- rnorm(S * C, 0, 4)
treat <- as.integer((1:(S * C)) %% 3 == 1)[class]; z <- rbinom(n, 1, .5)
pre <- round(200 + us[school] / 2 + rnorm(n, 0, 14)); frl <- rbinom(n, 1, .4); sex <- sample(c("F", "M"), n, TRUE); grade <- sample(3:5, n, TRUE)
dose <- round(pmax(0, 4 * z + 2 * treat + rnorm(n, 0, 2) + (pre - 200) / 20), 1)
y <- round(12 + .9 * pre - 3 * frl + us[school] + (3 + vs[school]) * treat + uc[class] + .8 * dose + rnorm(n, 0, 9), 1)
w <- round(runif(n, .2, 3), 2)
d <- data.frame(id = 1:n, school, class, treat, z, pre, frl, female = as.integer(sex == "F"), grade, dose, w, y)
write.csv(d, "students.csv", row.names = FALSE)
d$s <- factor(d$school); d$k <- factor(d$class)
co <- function(o, V, t) list(estimate = unname(coef(o)[t]), se = unname(sqrt(V[t, t])))
sat <- function(o, cl, t) { r <- as.data.frame(coef_test(o, vcov = "CR2", cluster = cl, test = "Satterthwaite")); r <- r[rownames(r) == t | r$Coef == t, ]; list(estimate = r$beta, se = r$SE, df = r$df_Satt, p = r$p_Satt) }
R <- list(versions = list(R = R.version.string, sandwich = as.character(packageVersion("sandwich")), clubSandwich = as.character(packageVersion("clubSandwich")), lme4 = as.character(packageVersion("lme4")), metafor = as.character(packageVersion("metafor"))))
reg <- function(f, cl, w = NULL) { d$ww <- if (is.null(w)) 1 else w
  o <- if (is.null(w)) lm(f, d) else lm(f, d, weights = ww)
  list(coef = as.list(coef(o)[c("treat", "pre", "frl")]), sigma = sigma(o), df = o$df.residual, classical = co(o, vcov(o), "treat"), HC1 = co(o, vcovHC(o, "HC1"), "treat"), HC2 = co(o, vcovHC(o, "HC2"), "treat"),
    CR0 = co(o, vcovCL(o, cl, type = "HC0", cadjust = FALSE), "treat"), CR1 = co(o, vcovCL(o, cl, type = "HC1"), "treat"), CR2 = sat(o, cl, "treat")) }
R$plain_school <- reg(y ~ treat + pre + frl, d$s); R$plain_class <- reg(y ~ treat + pre + frl, d$k)
R$effects_school <- reg(y ~ treat + pre + frl + s, d$s); R$effects_class <- reg(y ~ treat + pre + frl + s, d$k)
R$weighted_class <- reg(y ~ treat + pre + frl, d$k, d$w); R$weighted_effects_class <- reg(y ~ treat + pre + frl + s, d$k, d$w)
R$crossed <- reg(y ~ treat + pre + frl + s, factor(d$grade * 10 + d$frl)); R$weighted_crossed <- reg(y ~ treat + pre + frl + s, factor(d$grade * 10 + d$frl), d$w)
# Two-stage least squares by hand: dose by z, within schools, clustered by school (CR1).
X <- model.matrix(~ dose + pre + s, d); Z <- model.matrix(~ z + pre + s, d)
Xh <- Z %*% solve(crossprod(Z), crossprod(Z, X)); b <- solve(crossprod(Xh), crossprod(Xh, d$y)); e <- d$y - X %*% b
meat <- Reduce(`+`, lapply(split(seq_len(n), d$s), function(i) tcrossprod(crossprod(Xh[i, ], e[i])))); B <- solve(crossprod(Xh))
V <- B %*% meat %*% B * S / (S - 1) * (n - 1) / (n - ncol(X)); R$two_stage <- list(estimate = b["dose", 1], se = sqrt(V["dose", "dose"]))
g <- glm(treat ~ pre + frl + female, binomial, d, control = list(epsilon = 1e-14, maxit = 100)); R$logit <- list(coef = as.list(coef(g)), se = as.list(sqrt(diag(vcov(g)))), deviance = deviance(g))
mix <- function(f, REML = TRUE) { m <- lmer(f, d, REML = REML, control = lmerControl(calc.derivs = FALSE, optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12), check.conv.singular = "ignore")); v <- as.data.frame(VarCorr(m)); re <- as.data.frame(ranef(m, condVar = TRUE)); re <- re[re$grpvar == "s", ]
  list(fixef = as.list(fixef(m)), se = as.list(sqrt(diag(as.matrix(vcov(m))))), group = v$grp, var1 = v$var1, var2 = v$var2, vcov = v$vcov, criterion = if (REML) REMLcrit(m) else deviance(m), term = as.character(re$term), school = as.character(re$grp), value = re$condval, sd = re$condsd) }
R$mixed <- list(intercept = mix(y ~ treat + pre + frl + (1 | s)), intercept_ML = mix(y ~ treat + pre + frl + (1 | s), FALSE), slope = mix(y ~ treat + pre + frl + (1 + treat | s)),
  class = mix(y ~ treat + pre + frl + (1 | s) + (1 | k)), slope_class = mix(y ~ treat + pre + frl + (1 + treat | s) + (1 | k)))
eff <- do.call(rbind, lapply(split(d, d$s), function(q) { a <- q$y[q$treat == 1]; b <- q$y[q$treat == 0]; if (length(a) < 2 || length(b) < 2) NULL else data.frame(y = mean(a) - mean(b), v = var(a) / length(a) + var(b) / length(b)) }))
met <- function(m, test = "z") { r <- rma(eff$y, eff$v, method = m, test = test, control = list(threshold = 1e-11, maxiter = 100000)); l <- list(mean = as.numeric(r$beta), se = r$se, p = r$pval, low = r$ci.lb, high = r$ci.ub, tau2 = r$tau2, I2 = r$I2, Q = r$QE, QP = r$QEp); if (m == "REML" && test == "z") { b <- blup(r); l$blup <- b$pred; l$blup_se <- b$se }; l }
R$meta <- list(y = eff$y, v = eff$v, REML = met("REML"), ML = met("ML"), DL = met("DL"), PM = met("PM"), EE = met("EE"), KnHa = met("REML", "knha"))
write_json(R, "reference.json", auto_unbox = TRUE, digits = I(15), na = "null")
