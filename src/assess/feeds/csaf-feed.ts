import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { OsvAffected, OsvRecord } from '../osv/record.ts'
import { parsePurl } from '../purl/purl.ts'
import { readCsaf } from '../vex/csaf.ts'

const head = z.object({
  document: z.object({
    publisher: z.object({ name: z.string() }),
    tracking: z.object({ id: z.string(), current_release_date: z.string() }),
  }),
  vulnerabilities: z
    .array(
      z.object({
        cve: z.string().optional(),
        title: z.string().optional(),
        scores: z
          .array(
            z.object({ cvss_v3: z.object({ vectorString: z.string() }).optional(), products: z.array(z.string()).optional() }),
          )
          .default([]),
      }),
    )
    .default([]),
})

/**
 * Advisories and VEX of a distribution in CSAF (Red Hat, SUSE and others): a package that is fixed in a version was
 * affected before it. What is known not to be affected is left out, as the distribution's word.
 * @throws KanpekiError `vex_invalid`.
 */
export function readCsafFeed(value: unknown, file: string): readonly OsvRecord[] {
  const statements = readCsaf(value, file)
  const { document, vulnerabilities } = head.parse(value)
  return vulnerabilities.flatMap(({ cve, title, scores }) => {
    if (cve === undefined) return []
    const affected = new Map<string, OsvAffected>()
    for (const { names, purls, status } of statements) {
      if (!names.includes(cve) || (status !== 'fixed' && status !== 'affected')) continue
      for (const purl of purls) {
        const range = rangeOf(purl, status)
        if (range !== undefined) affected.set(`${range.package!.ecosystem} ${range.package!.name} ${purl}`, range)
      }
    }
    if (affected.size === 0) return []
    const vector = scores.find((one) => one.cvss_v3 !== undefined)?.cvss_v3?.vectorString
    return [
      {
        id: `${document.tracking.id.toUpperCase() === cve ? 'CSAF' : document.tracking.id}:${cve}`,
        modified: document.tracking.current_release_date,
        aliases: [cve],
        summary: (title ?? '').slice(0, 300),
        ...(vector === undefined ? {} : { severity: [{ type: 'CVSS_V3', score: vector }] }),
        affected: [...affected.values()],
      },
    ]
  })
}

/** The release stands in the version's own words: `…el8_10`. Where it does not, nothing can be matched rightly. */
function rangeOf(purl: string, status: 'fixed' | 'affected'): OsvAffected | undefined {
  try {
    const { type, namespace, name, version, qualifiers } = parsePurl(purl)
    if (type !== 'rpm' || namespace !== 'redhat') return undefined
    // Binary packages of every architecture say the same.
    if (qualifiers?.['arch'] === 'src') return undefined
    const release = /\.el(\d+)/.exec(version ?? '')?.[1] ?? /el(\d+)|linux-(\d+)/.exec(qualifiers?.['distro'] ?? '')?.[1]
    if (release === undefined) return undefined
    const epoch = qualifiers?.['epoch']
    const fixed = version === undefined ? undefined : epoch === undefined || epoch === '0' ? version : `${epoch}:${version}`
    if (status === 'fixed' && fixed === undefined) return undefined
    return {
      package: { ecosystem: `Red Hat:${release}`, name },
      ranges: [
        { type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...(status === 'fixed' && fixed !== undefined ? [{ fixed }] : [])] },
      ],
    }
  } catch (error) {
    if (error instanceof KanpekiError) return undefined
    throw error
  }
}
