import { createHash } from 'node:crypto'
import type { JsonObject } from '../../kernel/json.ts'
import type { Listed } from './bom.ts'
import { spdx2, spdx3 } from './write-spdx.ts'

/** What can be written of what is installed: CycloneDX 1.6 in JSON and XML, SPDX 2.3 in JSON, SPDX 3.0 in JSON-LD. */
export const BILL_FORMATS = ['cyclonedx', 'cyclonedx-xml', 'spdx', 'spdx3'] as const
export type BillFormat = (typeof BILL_FORMATS)[number]

/** The media type of a bill (IANA; SPDX 3 has none of its own). */
export const BILL_TYPES: Readonly<Record<BillFormat, string>> = {
  cyclonedx: 'application/vnd.cyclonedx+json; version=1.6',
  'cyclonedx-xml': 'application/vnd.cyclonedx+xml; version=1.6',
  spdx: 'application/spdx+json',
  spdx3: 'application/ld+json',
}

/**
 * A bill of materials as text, each component once and in order.
 * @param subject what it is of: an asset, a folder, an image.
 * @param version of this program. @param now milliseconds UTC.
 */
export function writeBill(
  format: BillFormat,
  components: readonly Listed[],
  subject: string,
  version: string,
  now: number,
): string {
  const listed = listedOf(components)
  const uuid = uuidOf([subject, ...listed.map(([ref]) => ref)])
  switch (format) {
    case 'cyclonedx':
      return `${JSON.stringify(cycloneDx(components, version, now))}\n`
    case 'cyclonedx-xml':
      return cycloneDxXml(listed, version, now)
    case 'spdx':
      return `${JSON.stringify(spdx2(listed, { subject, uuid, version, now }))}\n`
    case 'spdx3':
      return `${JSON.stringify(spdx3(listed, { subject, uuid, version, now }))}\n`
  }
}

function listedOf(components: readonly Listed[]): readonly (readonly [ref: string, Listed])[] {
  const named = new Map(components.map((one) => [one.purl ?? `${one.name}@${one.version ?? ''}`, one]))
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What is installed as CycloneDX 1.6 in JSON. The same components give the same serial number, whoever writes them when. */
export function cycloneDx(components: readonly Listed[], version: string, now: number): JsonObject {
  const listed = listedOf(components)
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(listed.map(([ref]) => ref))}`,
    version: 1,
    metadata: {
      timestamp: new Date(now).toISOString(),
      tools: { components: [{ type: 'application', name: 'Kanpeki', version }] },
    },
    components: listed.map(([ref, { name, version: own, purl }]) => ({
      type: 'library',
      'bom-ref': ref,
      name,
      ...(own === null ? {} : { version: own }),
      ...(purl === null ? {} : { purl }),
    })),
  }
}

function cycloneDxXml(listed: readonly (readonly [string, Listed])[], version: string, now: number): string {
  const components = listed.map(([ref, { name, version: own, purl }]) =>
    [
      `<component type="library" bom-ref="${escaped(ref)}"><name>${escaped(name)}</name>`,
      own === null ? '' : `<version>${escaped(own)}</version>`,
      purl === null ? '' : `<purl>${escaped(purl)}</purl>`,
      '</component>',
    ].join(''),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" serialNumber="urn:uuid:${uuidOf(listed.map(([ref]) => ref))}" version="1">
<metadata><timestamp>${new Date(now).toISOString()}</timestamp><tools><components><component type="application"><name>Kanpeki</name><version>${escaped(version)}</version></component></components></tools></metadata>
<components>
${components.join('\n')}
</components>
</bom>
`
}

/** XML 1.0 has no characters below the space but tab and line ends; what is none is left out. */
function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML cannot carry.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  )
}

/** UUID version 8 (RFC 9562): of a hash. */
function uuidOf(names: readonly string[]): string {
  const bytes = createHash('sha256').update(names.join('\n')).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
