import { z } from 'zod'
import { isBundleName } from '../osv/bundle-names.ts'
import { keyOf } from '../osv/names.ts'
import type { OsvAffected, OsvEvent, OsvRange, OsvRecord } from '../osv/record.ts'
import { refuseVex } from '../vex/statement.ts'
import { type CsafPackage, packagesOf } from './csaf-package.ts'
import { type CsafProduct, productsOf, productTree } from './csaf-tree.ts'

const ids = z.array(z.string()).default([])
const vector = z.object({ vectorString: z.string() }).optional().catch(undefined)
const scores = { cvss_v4: vector, cvss_v3: vector, cvss_v2: vector }
const STATUSES = ['known_affected', 'first_affected', 'last_affected', 'fixed', 'first_fixed', 'recommended'] as const
type Status = (typeof STATUSES)[number]

const vulnerability = z.object({
  cve: z.string().optional(),
  ids: z.array(z.object({ text: z.string() })).default([]),
  title: z.string().optional(),
  product_status: z
    .object({
      known_affected: ids,
      first_affected: ids,
      last_affected: ids,
      fixed: ids,
      first_fixed: ids,
      recommended: ids,
    })
    .optional(),
  // 2.0, and 2.1.
  scores: z.array(z.object(scores)).default([]),
  metrics: z.array(z.object({ content: z.object(scores).default({}) })).default([]),
})
const csaf = z.object({
  document: z.object({
    category: z.string(),
    csaf_version: z.enum(['2.0', '2.1']),
    publisher: z.object({ name: z.string(), namespace: z.string().default('') }),
    tracking: z.object({
      id: z.string().min(1),
      status: z.string().default('final'),
      version: z.string().default(''),
      current_release_date: z.iso.datetime({ offset: true }),
    }),
  }),
  product_tree: productTree.optional(),
  vulnerabilities: z.array(vulnerability).default([]),
})

/** Which state of which document this is: of two of one `document` the later counts. */
export interface CsafRevision {
  readonly document: string
  readonly version: string
  /** ISO 8601, UTC. */
  readonly released: string
}

export interface ReadCsafFeed {
  readonly records: readonly OsvRecord[]
  readonly revision: CsafRevision
  /** Products said to be affected or fixed that no package can be matched with; each counts once. */
  readonly unmatched: number
}

/**
 * Advisories and VEX of any vendor in CSAF 2.0 and 2.1. What is fixed in a version was affected before it; what is known not to be
 * affected, or still looked into, is no advisory. A draft says nothing yet, and what was withdrawn or superseded nothing any more.
 * @throws KanpekiError `vex_invalid`.
 */
export function readCsafFeed(value: unknown, file: string): ReadCsafFeed {
  const parsed = csaf.safeParse(value)
  if (!parsed.success) return refused(file, parsed.error)
  const { document, vulnerabilities, product_tree: tree } = parsed.data
  const { tracking, publisher } = document
  const released = new Date(tracking.current_release_date).toISOString()
  const home = homeOf(publisher.namespace, publisher.name)
  const revision = { document: `${home} ${tracking.id}`, version: tracking.version, released }
  if (tracking.status === 'draft' || document.category === 'csaf_withdrawn' || document.category === 'csaf_superseded')
    return { records: [], revision, unmatched: 0 }
  let find: (id: string) => CsafProduct | undefined
  try {
    find = productsOf(tree)
  } catch (error) {
    return refused(file, error)
  }
  const known = new Map<string, readonly CsafPackage[]>()
  const packages = (id: string): readonly CsafPackage[] => {
    const before = known.get(id)
    if (before !== undefined) return before
    const product = find(id)
    const found = product === undefined ? [] : packagesOf(product)
    known.set(id, found)
    return found
  }
  const unmatched = new Set<string>()
  const records = vulnerabilities.flatMap((one, number): OsvRecord[] => {
    const name = one.cve ?? one.ids[0]?.text
    const affected = affectedOf(one.product_status, packages, unmatched)
    if (affected.length === 0) return []
    const severity = severityOf(one)
    return [
      {
        id: idOf(home, tracking.id, name ?? String(number + 1)),
        modified: released,
        aliases: [...new Set([one.cve ?? '', ...one.ids.map(({ text }) => text)])].filter((alias) => PUBLIC.test(alias)),
        summary: (one.title ?? '').slice(0, 300),
        ...(severity.length === 0 ? {} : { severity }),
        affected,
      },
    ]
  })
  return { records, revision, unmatched: unmatched.size }
}

/** Names that mean the same weakness to everybody; a number of a vendor's own list may be another's as well. */
const PUBLIC = /^(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3})$/

function refused(file: string, error: unknown): never {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined
  if (issue !== undefined) return refuseVex(file, 'CSAF', `${issue.path.map(String).join('.')}: ${issue.message}`)
  if (error instanceof RangeError) return refuseVex(file, 'CSAF', error.message)
  throw error
}

function homeOf(namespace: string, name: string): string {
  const host = URL.parse(namespace)?.hostname.replace(/^www\./, '')
  return host === undefined || host === '' ? name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-') : host
}

/** An advisory of a distribution is known by its own number everywhere; any other is by who gives it. */
function idOf(home: string, tracking: string, name: string): string {
  const own = tracking.toUpperCase() === name ? name : `${tracking}:${name}`
  return (isBundleName(tracking) ? own : `CSAF:${home}:${own}`).slice(0, 200)
}

function severityOf({ scores: old, metrics }: z.infer<typeof vulnerability>) {
  const all = [...old, ...metrics.map(({ content }) => content)]
  return (['v4', 'v3', 'v2'] as const).flatMap((version) => {
    const found = all.find((one) => one[`cvss_${version}`] !== undefined)?.[`cvss_${version}`]
    return found === undefined ? [] : [{ type: `CVSS_${version.toUpperCase()}`, score: found.vectorString }]
  })
}

interface Said {
  readonly status: Status
  readonly one: CsafPackage
}

function affectedOf(
  statuses: z.infer<typeof vulnerability>['product_status'],
  packages: (id: string) => readonly CsafPackage[],
  unmatched: Set<string>,
): OsvAffected[] {
  if (statuses === undefined) return []
  // What a distribution says of one product of a release and of another stands side by side: it is gathered by product.
  const groups = new Map<string, Said[]>()
  for (const status of STATUSES)
    for (const id of statuses[status]) {
      const found = packages(id)
      if (found.length === 0) unmatched.add(id)
      for (const one of found) {
        const platform = one.distribution ? (id.includes(':') ? id.slice(0, id.indexOf(':')) : '') : ''
        const group = `${keyOf(one.key)}\n${platform}`
        groups.set(group, [...(groups.get(group) ?? []), { status, one }])
      }
    }
  const all = new Map<string, OsvAffected>()
  for (const said of groups.values()) {
    const { key } = said[0]!.one
    const { ranges, versions } = judge(said)
    if (!ranges.some(({ events }) => events.some(({ introduced }) => introduced !== undefined)) && versions.length === 0) continue
    const entry: OsvAffected = {
      package: { ecosystem: key.ecosystem, name: key.name },
      ...(ranges.length === 0 ? {} : { ranges: [...ranges] }),
      ...(versions.length === 0 ? {} : { versions: [...versions] }),
    }
    // Many products of one release say the same.
    all.set(JSON.stringify(entry), entry)
  }
  return [...all.values()]
}

/** What is said of one package as ranges and versions by the algorithm of OSV. */
function judge(said: readonly Said[]): { readonly ranges: readonly OsvRange[]; readonly versions: readonly string[] } {
  const of = (...statuses: readonly Status[]): readonly CsafPackage[] =>
    said.filter(({ status }) => statuses.includes(status)).map(({ one }) => one)
  const versionsOf = (list: readonly CsafPackage[]): string[] => [...new Set(list.flatMap(({ version }) => version ?? []))]
  const affected = of('known_affected')
  const firsts = versionsOf(of('first_affected'))
  const lasts = versionsOf(of('last_affected'))
  const exact = [...new Set([...versionsOf(affected), ...affected.flatMap(({ range }) => range?.versions ?? [])])]
  const within = affected.flatMap(({ range }) => (range === undefined || range.events.length === 0 ? [] : [range.events]))
  const open = affected.some(({ version, range }) => version === undefined && range === undefined)
  const fixes = fixesOf(said)
  const ends = fixes.map((fixed) => ({ fixed }))
  const ranges: OsvEvent[][] = []
  if (firsts.length > 0)
    ranges.push([...firsts.map((introduced) => ({ introduced })), ...lasts.map((last) => ({ last_affected: last })), ...ends])
  else for (const last of lasts) ranges.push([{ introduced: '0' }, { last_affected: last }])
  for (const events of within) ranges.push(events.at(-1)?.introduced === undefined ? [...events] : [...events, ...ends])
  const told = ranges.length > 0 || exact.length > 0
  // A fix alone says that what came before was weak; a recommended version says so only of what a distribution mends in place.
  const isFix = of('fixed', 'first_fixed').length > 0 || of('recommended').some(({ distribution }) => distribution)
  if (open && fixes.length === 0) ranges.push([{ introduced: '0' }])
  if (fixes.length > 0 && (open || (!told && isFix))) for (const end of ends) ranges.push([{ introduced: '0' }, end])
  // For telling what would help, of a version that is affected by itself.
  else if (told && ends.length > 0) ranges.push(ends)
  return { ranges: ranges.map((events) => ({ type: 'ECOSYSTEM' as const, events })), versions: exact }
}

/** The versions from which on it is mended: the first ones where they are said, what is recommended only where nothing else is. */
function fixesOf(said: readonly Said[]): readonly string[] {
  for (const wanted of ['first_fixed', 'fixed', 'recommended'] as const) {
    const list = said.filter(({ status }) => status === wanted).map(({ one }) => one)
    const found = list.flatMap(({ version, range }) => {
      if (version !== undefined) return [version]
      // Fixed "from a version on" is that version; any other range says no single one.
      const only = range?.events.length === 1 && range.versions.length === 0 ? range.events[0]?.introduced : undefined
      return only === undefined ? (range?.versions ?? []) : [only]
    })
    if (found.length > 0) return [...new Set(found)]
  }
  return []
}
