import { z } from 'zod'
import type { OsvRecord } from '../osv/record.ts'

const release = z.object({
  status: z.enum(['open', 'resolved', 'undetermined']),
  fixed_version: z.string().optional(),
  urgency: z.string().optional(),
})
const vulnerability = z.object({ description: z.string().optional(), releases: z.record(z.string(), release) })

const RELEASES: Readonly<Record<string, string>> = {
  buster: '10',
  bullseye: '11',
  bookworm: '12',
  trixie: '13',
  forky: '14',
}

/** The tracker is one object of source packages, each of CVEs (and TEMP-… names), each of releases. */
export function isDebianTracker(value: unknown): boolean {
  const first = firstOf(firstOf(value))
  return typeof first === 'object' && first !== null && 'releases' in first
}

function firstOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  for (const key in value) return (value as Record<string, unknown>)[key]
  return undefined
}

/**
 * Reads Debian's security tracker (security-tracker.debian.org/tracker/data/json): its word on each release counts, also on
 * what was ported back. `fixed_version` 0 says that the release was never affected; what is undetermined says nothing.
 * @param modified RFC 3339: the tracker has no times of its own.
 */
export function readDebianTracker(
  value: unknown,
  file: string,
  modified: string,
): { readonly records: readonly OsvRecord[]; readonly problems: readonly { readonly file: string; readonly reason: string }[] } {
  const records = new Map<string, OsvRecord & { affected: NonNullable<OsvRecord['affected']> }>()
  const problems: { file: string; reason: string }[] = []
  for (const [source, names] of Object.entries(value as Record<string, unknown>)) {
    for (const [name, raw] of Object.entries((names ?? {}) as Record<string, unknown>)) {
      const parsed = vulnerability.safeParse(raw)
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        problems.push({ file: `${file}:${source}:${name}`, reason: `${issue?.path.map(String).join('.')}: ${issue?.message}` })
        continue
      }
      const record = records.get(name) ?? {
        id: `DEBIAN-${name}`,
        modified,
        ...(name.startsWith('CVE-') ? { aliases: [name] } : {}),
        summary: (parsed.data.description ?? '').slice(0, 300),
        affected: [],
      }
      for (const [codename, { status, fixed_version: fixed }] of Object.entries(parsed.data.releases)) {
        const number = RELEASES[codename]
        if (number === undefined || status === 'undetermined' || fixed === '0') continue
        if (status === 'resolved' && fixed === undefined) continue
        record.affected.push({
          package: { ecosystem: `Debian:${number}`, name: source },
          ranges: [
            {
              type: 'ECOSYSTEM',
              events: [{ introduced: '0' }, ...(status === 'resolved' && fixed !== undefined ? [{ fixed }] : [])],
            },
          ],
        })
      }
      records.set(name, record)
    }
  }
  return { records: [...records.values()], problems }
}
