import { createHash } from 'node:crypto'
import type { JsonObject } from '../../kernel/json.ts'
import type { Component } from './bom.ts'

/** What is installed as CycloneDX 1.6 in JSON. The same components give the same serial number, whoever writes them when. */
export function cycloneDx(
  components: readonly Pick<Component, 'name' | 'version' | 'purl'>[],
  version: string,
  now: number,
): JsonObject {
  const named = new Map(components.map((one) => [one.purl ?? `${one.name}@${one.version ?? ''}`, one]))
  const listed = [...named].sort(([a], [b]) => (a < b ? -1 : 1))
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

/** UUID version 8 (RFC 9562): of a hash. */
function uuidOf(names: readonly string[]): string {
  const bytes = createHash('sha256').update(names.join('\n')).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
