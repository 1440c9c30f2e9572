import type { Finding, Installed } from './findings.ts'

/** From all findings to those that matter first; each step counts of the step before. */
export interface Funnel {
  readonly all: number
  readonly fixable: number
  /** Null where nobody said what is in use. */
  readonly inUse: number | null
  /** Null where no KEV catalogue is at hand. */
  readonly exploited: number | null
}

/** What runs: package URLs without version, or plain names. */
export type InUse = ReadonlySet<string>

export function isInUse(
  { installed: { name, purl } }: { readonly installed: Pick<Installed, 'name' | 'purl'> },
  inUse: InUse,
): boolean {
  return (
    inUse.has(name) ||
    (purl !== null && (inUse.has(purl) || inUse.has(purl.replace(/[@?#].*$/, '')) || inUse.has(withoutVersion(purl))))
  )
}

function withoutVersion(purl: string): string {
  return purl.replace(/[?#].*$/, '').replace(/@[^@/]*$/, '')
}

/** The steps are cut one after the other: fix exists, in use, exploited. */
export function funnelOf(findings: readonly Finding[], inUse: InUse | undefined, withKev: boolean): Funnel {
  const fixable = findings.filter(({ fixed }) => fixed.length > 0)
  const used = inUse === undefined ? fixable : fixable.filter((one) => isInUse(one, inUse))
  return {
    all: findings.length,
    fixable: fixable.length,
    inUse: inUse === undefined ? null : used.length,
    exploited: withKev ? used.filter(({ kev }) => kev !== null).length : null,
  }
}
