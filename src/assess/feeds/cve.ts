import { z } from 'zod'
import type { OsvAffected, OsvEvent, OsvRecord } from '../osv/record.ts'
import { EXPLOITATION, type Exploitation } from '../prioritise/ssvc.ts'
import { childText, xmlRecords } from '../results/xml.ts'

/** What is known of a CVE wherever it is: for findings whose own advisory does not say. */
export interface CveFacts {
  readonly summary: string
  readonly summaryJa: string | null
  readonly vectors: readonly string[]
  readonly cwes: readonly string[]
  /** What is said of exploits: by references that are marked so, or by CISA's assessment beside the record. */
  readonly exploit: Exploitation
}

export interface ReadCves {
  readonly facts: ReadonlyMap<string, CveFacts>
  /** By name of product alone: the last resort, for what has no package URL. */
  readonly records: readonly OsvRecord[]
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/** The ecosystem that products by CPE stand under. */
export const CPE = 'CPE'

const match = z.object({
  vulnerable: z.boolean().default(true),
  criteria: z.string(),
  versionStartIncluding: z.string().optional(),
  versionStartExcluding: z.string().optional(),
  versionEndIncluding: z.string().optional(),
  versionEndExcluding: z.string().optional(),
})
const cvss = z.array(z.object({ cvssData: z.object({ vectorString: z.string() }) })).default([])
const nvdCve = z.object({
  id: z.string().regex(/^CVE-\d{4}-\d{4,}$/),
  lastModified: z.string().default(''),
  vulnStatus: z.string().default(''),
  descriptions: z.array(z.object({ lang: z.string(), value: z.string() })).default([]),
  metrics: z.object({ cvssMetricV40: cvss, cvssMetricV31: cvss, cvssMetricV30: cvss, cvssMetricV2: cvss }).partial().default({}),
  references: z.array(z.object({ tags: z.array(z.string()).default([]) })).default([]),
  weaknesses: z.array(z.object({ description: z.array(z.object({ value: z.string() })) })).default([]),
  configurations: z
    .array(z.object({ operator: z.string().optional(), nodes: z.array(z.object({ cpeMatch: z.array(match).default([]) })) }))
    .default([]),
})
const nvd = z.object({ vulnerabilities: z.array(z.object({ cve: z.unknown() })) })

export function isNvd(value: unknown): boolean {
  return nvd.safeParse(value).success && typeof value === 'object' && value !== null && 'format' in value
}

/** NVD's API and year files, 2.0. */
export function readNvd(value: unknown, file: string): ReadCves {
  const facts = new Map<string, CveFacts>()
  const records: OsvRecord[] = []
  const problems: { file: string; reason: string }[] = []
  for (const [number, { cve: raw }] of nvd.parse(value).vulnerabilities.entries()) {
    const parsed = nvdCve.safeParse(raw)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      problems.push({ file: `${file}:[${number}]`, reason: `${issue?.path.map(String).join('.')}: ${issue?.message}` })
      continue
    }
    const { id, lastModified, vulnStatus, descriptions, metrics, references, weaknesses, configurations } = parsed.data
    if (vulnStatus === 'Rejected') continue
    const vectors = [metrics.cvssMetricV40, metrics.cvssMetricV31, metrics.cvssMetricV30, metrics.cvssMetricV2].flatMap(
      (list) => list?.map(({ cvssData }) => cvssData.vectorString) ?? [],
    )
    const summary = (descriptions.find(({ lang }) => lang === 'en')?.value ?? '').slice(0, 300)
    const cwes = weaknesses
      .flatMap(({ description }) => description.map(({ value: one }) => one))
      .filter((one) => /^CWE-\d+$/.test(one))
    const exploit = references.some(({ tags }) => tags.includes('Exploit')) ? 'poc' : 'none'
    facts.set(id, { summary, summaryJa: null, vectors, cwes: [...new Set(cwes)], exploit })
    // A configuration that also asks for a platform (AND) says less than the product alone: it is left out.
    const affected = configurations
      .filter(({ operator }) => operator !== 'AND')
      .flatMap(({ nodes }) => nodes.flatMap(({ cpeMatch }) => cpeMatch))
      .filter(({ vulnerable }) => vulnerable)
      .flatMap((one) => affectedOf(one) ?? [])
    if (affected.length > 0) records.push({ id: `NVD:${id}`, aliases: [id], modified: zulu(lastModified), summary, affected })
  }
  return { facts, records, problems }
}

function zulu(time: string): string {
  return time === '' || /Z$|[+-]\d\d:\d\d$/.test(time) ? time : `${time}Z`
}

function affectedOf(one: z.infer<typeof match>): OsvAffected | undefined {
  const [, , part, , product = '', version = '*'] = cpeParts(one.criteria)
  if (part !== 'a' || product === '*' || product === '-') return undefined
  const events: OsvEvent[] = []
  const { versionStartIncluding: from, versionStartExcluding: after, versionEndIncluding: last, versionEndExcluding: fixed } = one
  if (version !== '*' && version !== '-') return { package: { ecosystem: CPE, name: product }, versions: [version] }
  // After a version is taken as from it on: one version more.
  events.push({ introduced: from ?? after ?? '0' })
  if (fixed !== undefined) events.push({ fixed })
  else if (last !== undefined) events.push({ last_affected: last })
  else return undefined
  return { package: { ecosystem: CPE, name: product }, ranges: [{ type: 'ECOSYSTEM', events }] }
}

/** `cpe:2.3:a:vendor:product:version:…`; a backslash takes the meaning from what follows. */
function cpeParts(text: string): readonly string[] {
  return (text.match(/(?:\\.|[^:\\])+/g) ?? []).map((part) => part.replaceAll(/\\(.)/g, '$1'))
}

const problemTypes = z.array(z.object({ descriptions: z.array(z.object({ cweId: z.string().optional() })) })).default([])
const references = z
  .array(z.object({ tags: z.array(z.string()).default([]) }))
  .default([])
  .catch([])
/** CISA's assessment (SSVC) as its container beside a record has it. */
const ssvc = z.object({
  other: z.object({
    type: z.literal('ssvc'),
    content: z.object({ options: z.array(z.looseObject({ Exploitation: z.string().optional() })) }),
  }),
})

const record5 = z.object({
  dataType: z.literal('CVE_RECORD'),
  cveMetadata: z.object({
    cveId: z.string().regex(/^CVE-\d{4}-\d{4,}$/),
    state: z.string(),
    dateUpdated: z.string().default(''),
  }),
  containers: z.object({
    cna: z
      .object({
        title: z.string().optional(),
        descriptions: z.array(z.object({ lang: z.string(), value: z.string() })).default([]),
        metrics: z.array(z.record(z.string(), z.unknown())).default([]),
        problemTypes,
        references,
      })
      .optional(),
    adp: z
      .array(z.object({ metrics: z.array(z.record(z.string(), z.unknown())).default([]), problemTypes, references }))
      .default([]),
  }),
})

/** One record of the CVE programme (JSON 5). @returns undefined for one that was rejected. */
export function readCve5(value: unknown): readonly [string, CveFacts] | undefined {
  const { cveMetadata, containers } = record5.parse(value)
  if (cveMetadata.state !== 'PUBLISHED') return undefined
  const metrics = [...(containers.cna?.metrics ?? []), ...containers.adp.flatMap((one) => one.metrics)]
  const vectors = ['cvssV4_0', 'cvssV3_1', 'cvssV3_0', 'cvssV2_0'].flatMap((version) =>
    metrics.flatMap((metric) => {
      const vector = (metric[version] as { vectorString?: unknown } | undefined)?.vectorString
      return typeof vector === 'string' ? [vector] : []
    }),
  )
  const cna = containers.cna
  return [
    cveMetadata.cveId,
    {
      summary: (cna?.title ?? cna?.descriptions.find(({ lang }) => lang.startsWith('en'))?.value ?? '').slice(0, 300),
      summaryJa: cna?.descriptions.find(({ lang }) => lang.startsWith('ja'))?.value.slice(0, 300) ?? null,
      vectors,
      cwes: [
        ...new Set(
          [cna, ...containers.adp]
            .flatMap((one) => one?.problemTypes ?? [])
            .flatMap(({ descriptions }) => descriptions.flatMap(({ cweId }) => cweId ?? [])),
        ),
      ],
      exploit: exploitOf(
        metrics,
        [cna, ...containers.adp].flatMap((one) => one?.references ?? []),
      ),
    },
  ]
}

function exploitOf(metrics: readonly Readonly<Record<string, unknown>>[], marked: z.infer<typeof references>): Exploitation {
  const assessed = metrics
    .flatMap((metric) => ssvc.safeParse(metric).data?.other.content.options ?? [])
    .flatMap(({ Exploitation: word }) => EXPLOITATION.find((one) => one === word?.toLowerCase()) ?? [])
  return gravestExploit([...assessed, marked.some(({ tags }) => tags.includes('exploit')) ? 'poc' : 'none'])
}

/** What weighs most of what several say. */
export const gravestExploit = (said: readonly Exploitation[]): Exploitation =>
  said.reduce((one, other) => (EXPLOITATION.indexOf(other) > EXPLOITATION.indexOf(one) ? other : one), 'none')

/** JVN iPedia's list (JVNDBRSS): titles in Japanese, CVEs and vectors. */
export async function readJvn(text: AsyncIterable<string>, file: string): Promise<ReadonlyMap<string, CveFacts>> {
  const facts = new Map<string, CveFacts>()
  await xmlRecords(text, file, new Set(['item']), (item) => {
    const title = childText(item, 'title').slice(0, 300)
    const vectors = item.children
      .filter(({ name }) => name === 'sec:cvss')
      .flatMap(({ attributes }) => attributes['vector'] ?? [])
    const cves = item.children
      .filter(({ name, attributes }) => name === 'sec:references' && /^CVE-\d{4}-\d{4,}$/.test(attributes['id'] ?? ''))
      .map(({ attributes }) => attributes['id']!)
    const cwes = item.children
      .filter(({ name, attributes }) => name === 'sec:references' && /^CWE-\d+$/.test(attributes['id'] ?? ''))
      .map(({ attributes }) => attributes['id']!)
    for (const cve of cves)
      facts.set(cve, { summary: '', summaryJa: title, vectors: cves.length === 1 ? vectors : [], cwes, exploit: 'none' })
  })
  return facts
}

/** Of two sources the first that says something counts; Japanese from whoever has it. */
export function joinFacts(into: Map<string, CveFacts>, from: Iterable<readonly [string, CveFacts]>): void {
  for (const [cve, facts] of from) {
    const before = into.get(cve)
    if (before === undefined) into.set(cve, facts)
    else
      into.set(cve, {
        summary: before.summary === '' ? facts.summary : before.summary,
        summaryJa: before.summaryJa ?? facts.summaryJa,
        vectors: before.vectors.length === 0 ? facts.vectors : before.vectors,
        cwes: before.cwes.length === 0 ? facts.cwes : before.cwes,
        exploit: gravestExploit([before.exploit, facts.exploit]),
      })
  }
}
