/** How surprising a figure is, as −log10 of the probability of one at least as far out: 2 is once in a hundred. */

const MOST_STEPS = 200
const TINY = 1e-300

/** Upper tail of Student's t with `df` degrees of freedom, as −log10. Heavy tails: few days make nobody certain. */
export function surpriseOfT(t: number, df: number): number {
  if (t <= 0) return 0
  const tail = 0.5 * incompleteBeta(df / (df + t * t), df / 2, 0.5)
  return -Math.log10(Math.max(tail, TINY))
}

/** Upper tail P(K ≥ k) of a Poisson count with a mean, as −log10. */
export function surpriseOfCount(k: number, mean: number): number {
  if (k <= 0) return 0
  let term = Math.exp(k * Math.log(mean) - mean - logGamma(k + 1))
  let tail = 0
  for (let i = k; i < k + MOST_STEPS && term > tail * 1e-12; i++) {
    tail += term
    term *= mean / (i + 1)
  }
  return -Math.log10(Math.min(1, Math.max(tail, TINY)))
}

/** Regularised incomplete beta function I_x(a, b) by Lentz's continued fraction (DLMF 8.17.22). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a
  let c = 1
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m <= MOST_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / nonZero(1 + even * d)
    c = nonZero(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / nonZero(1 + odd * d)
    c = nonZero(1 + odd / c)
    const step = d * c
    value *= step
    if (Math.abs(step - 1) < 1e-12) break
  }
  return front * value
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
  9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0 (Lanczos, g = 7). */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - logGamma(1 - x)
  const z = x - 1
  const sum = LANCZOS.reduce((all, factor, i) => all + factor / (z + i + 1), 0.99999999999980993)
  const t = z + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum)
}
