import { KanpekiError } from '../../kernel/error.ts'

/** How likely a vulnerability is exploited within thirty days, and the share of all that are no likelier (FIRST EPSS). */
export interface EpssScore {
  readonly score: number
  readonly percentile: number | null
}

export interface Epss {
  /** When it was reckoned, as the file says; null where it does not. */
  readonly date: string | null
  readonly byCve: ReadonlyMap<string, EpssScore>
}

/** Reads EPSS as FIRST publishes it: CSV of `cve,epss[,percentile]`, a comment with its date before it. @throws KanpekiError `feed_invalid`. */
export function readEpss(text: string, file: string): Epss {
  const fail = (line: number, reason: string): never => {
    throw new KanpekiError('feed_invalid', `${file}:${line}: ${reason}.`, {
      place: { file, line },
      remedy: 'Fetch epss_scores-current.csv.gz again.',
    })
  }
  const byCve = new Map<string, EpssScore>()
  let date: string | null = null
  let header = false
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '') continue
    if (line.startsWith('#')) {
      date = /score_date:(\S+?)(?:,|$)/.exec(line)?.[1] ?? date
      continue
    }
    if (!header) {
      if (!line.startsWith('cve,epss')) fail(at + 1, 'the columns are not cve,epss,percentile')
      header = true
      continue
    }
    const [cve = '', score = '', percentile] = line.split(',')
    const value = Number(score)
    if (!/^CVE-\d{4}-\d{4,}$/.test(cve) || score === '' || !(value >= 0 && value <= 1)) fail(at + 1, 'no CVE with a probability')
    byCve.set(cve, { score: value, percentile: percentile === undefined ? null : Number(percentile) })
  }
  if (!header) fail(1, 'it is empty')
  return { date, byCve }
}
