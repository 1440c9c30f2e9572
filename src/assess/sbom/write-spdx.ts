import { createHash } from 'node:crypto'
import type { JsonObject } from '../../kernel/json.ts'
import type { Listed } from './bom.ts'

interface About {
  readonly subject: string
  readonly uuid: string
  readonly version: string
  /** Milliseconds UTC. */
  readonly now: number
}

type Entries = readonly (readonly [ref: string, Listed])[]

/** SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3): a package for what the bill is of, which contains the others. */
export function spdx2(listed: Entries, { subject, uuid, version, now }: About): JsonObject {
  const root = 'SPDXRef-Root'
  const name = subject === '' ? 'Kanpeki' : subject
  const packages = listed.map(([ref, { name: own, version: at, purl }]) => ({
    SPDXID: `SPDXRef-Package-${nameOf(ref)}`,
    name: own,
    ...(at === null ? {} : { versionInfo: at }),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    ...(purl === null
      ? {}
      : { externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }] }),
  }))
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `urn:uuid:${uuid}`,
    creationInfo: { created: secondOf(now), creators: [`Tool: Kanpeki-${version}`] },
    documentDescribes: [root],
    packages: [{ SPDXID: root, name, downloadLocation: 'NOASSERTION', filesAnalyzed: false }, ...packages],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: root },
      ...packages.map(({ SPDXID }) => ({ spdxElementId: root, relationshipType: 'CONTAINS', relatedSpdxElement: SPDXID })),
    ],
  }
}

/** SPDX 3.0.1 in JSON-LD (spdx.github.io/spdx-spec/v3.0.1), profiles core and software. */
export function spdx3(listed: Entries, { subject, uuid, version, now }: About): JsonObject {
  const base = `urn:uuid:${uuid}#`
  const creationInfo = '_:creation'
  const of = (type: string, id: string) => ({ type, spdxId: `${base}${id}`, creationInfo })
  const name = subject === '' ? 'Kanpeki' : subject
  const packages = listed.map(([ref, { name: own, version: at, purl }]) => ({
    ...of('software_Package', `package-${nameOf(ref)}`),
    name: own,
    ...(at === null ? {} : { software_packageVersion: at }),
    ...(purl === null ? {} : { software_packageUrl: purl }),
  }))
  const ids = packages.map(({ spdxId }) => spdxId)
  return {
    '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
    '@graph': [
      {
        type: 'CreationInfo',
        '@id': creationInfo,
        specVersion: '3.0.1',
        created: secondOf(now),
        createdBy: [`${base}agent`],
        createdUsing: [`${base}tool`],
      },
      { ...of('SoftwareAgent', 'agent'), name: 'Kanpeki' },
      { ...of('Tool', 'tool'), name: `Kanpeki ${version}` },
      { ...of('SpdxDocument', 'document'), name, profileConformance: ['core', 'software'], rootElement: [`${base}bill`] },
      { ...of('software_Sbom', 'bill'), name, rootElement: [`${base}root`], element: [`${base}root`, ...ids] },
      { ...of('software_Package', 'root'), name },
      ...packages,
      ...(ids.length === 0
        ? []
        : [{ ...of('Relationship', 'contains'), relationshipType: 'contains', from: `${base}root`, to: ids }]),
    ],
  }
}

/** SPDX's times have whole seconds. */
function secondOf(now: number): string {
  return new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The same for the same component, of letters that identifiers may hold. */
function nameOf(ref: string): string {
  return createHash('sha256').update(ref).digest('hex').slice(0, 24)
}
