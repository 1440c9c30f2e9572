import type { OsvAffected, OsvRecord } from '../osv/record.ts'
import { childText, type XmlRecord, xmlRecords } from '../results/xml.ts'

const UBUNTU: Readonly<Record<string, string>> = {
  bionic: '18.04',
  focal: '20.04',
  jammy: '22.04',
  noble: '24.04',
  plucky: '25.04',
  questing: '25.10',
  resolute: '26.04',
}

/**
 * OVAL definitions of Red Hat and Ubuntu: their criteria say in fixed words which package was mended in which version of
 * which release ("openssl is earlier than 1:1.1.1k-9.el8_7", "openssl package in jammy was vulnerable but has been fixed
 * (note: '3.0.2-0ubuntu1.7')"). Definitions that say it in no such words are counted.
 */
export async function readOval(
  text: AsyncIterable<string>,
  file: string,
  modified: string,
): Promise<{
  readonly records: readonly OsvRecord[]
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}> {
  const records: OsvRecord[] = []
  let silent = 0
  await xmlRecords(text, file, new Set(['definition']), (definition) => {
    const kind = definition.attributes['class']
    if (kind !== 'patch' && kind !== 'vulnerability') return
    const metadata = definition.children.find(({ name }) => name === 'metadata')
    const references = metadata?.children.filter(({ name }) => name === 'reference') ?? []
    const cves = references.map(({ attributes }) => attributes['ref_id'] ?? '').filter((id) => /^CVE-\d{4}-\d{4,}$/.test(id))
    const own = references
      .map(({ attributes }) => attributes['ref_id'] ?? '')
      .find((id) => /^(RHSA|RHBA|RHEA|USN|ELSA)-/.test(id))
    const comments = commentsOf(definition)
    const affected = comments.flatMap((comment) => affectedBy(comment) ?? [])
    const id = own ?? cves[0]
    if (id === undefined || affected.length === 0) {
      silent += 1
      return
    }
    records.push({
      id: own ?? `OVAL:${id}`,
      modified,
      ...(own === undefined ? { aliases: cves } : { upstream: cves }),
      summary: (metadata === undefined ? '' : childText(metadata, 'title')).replaceAll(/\s+/g, ' ').slice(0, 300),
      affected: [...new Map(affected.map((one) => [JSON.stringify(one), one])).values()],
    })
  })
  const problems = silent === 0 ? [] : [{ file, reason: `${silent} definitions name no package with a version` }]
  return { records, problems }
}

function commentsOf(record: XmlRecord): readonly string[] {
  const own = record.name === 'criterion' ? [record.attributes['comment'] ?? ''] : []
  return [...own, ...record.children.flatMap(commentsOf)]
}

function affectedBy(comment: string): OsvAffected | undefined {
  const redhat = /^(\S+) is earlier than (?:0:)?(\S+)$/.exec(comment)
  if (redhat !== null) {
    const [, name = '', version = ''] = redhat
    const release = /\.(?:module\+)?el(\d+)/.exec(version)?.[1]
    return release === undefined ? undefined : ranged(`Red Hat:${release}`, name, version)
  }
  const fixed = /^(\S+) package in (\w+) was vulnerable but has been fixed \(note: '([^']+)'\)/.exec(comment)
  const open = fixed === null ? /^(\S+) package in (\w+) is affected and (?:needs fixing|may need fixing)/.exec(comment) : null
  const [, name, codename, version] = fixed ?? open ?? []
  const release = codename === undefined ? undefined : UBUNTU[codename]
  return release === undefined || name === undefined ? undefined : ranged(`Ubuntu:${release}`, name, version)
}

function ranged(ecosystem: string, name: string, fixed: string | undefined): OsvAffected {
  return {
    package: { ecosystem, name },
    ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...(fixed === undefined ? [] : [{ fixed }])] }],
  }
}
