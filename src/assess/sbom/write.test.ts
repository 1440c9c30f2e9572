import { expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import type { Listed } from './bom.ts'
import { readSbom } from './read.ts'
import { BILL_FORMATS, writeBill } from './write.ts'

const components: readonly Listed[] = [
  { name: 'b & "c"', version: '1<2', purl: null },
  { name: 'a', version: '1.0', purl: 'pkg:npm/a@1.0' },
  { name: 'a', version: '1.0', purl: 'pkg:npm/a@1.0' },
  { name: 'libssl3', version: '3', purl: 'pkg:deb/debian/libssl3@3?distro=debian-12&upstream=openssl%403' },
  { name: '\u0001制御', version: null, purl: null },
]

it.each(BILL_FORMATS)('writes %s that is read again as what it was', async (format) => {
  const text = writeBill(format, components, 'shop-web-1', '1.2.3', 1_790_000_000_123)
  const bom = await readSbom(Buffer.from(text), format)
  const expected = { cyclonedx: 'CycloneDX 1.6', 'cyclonedx-xml': 'CycloneDX 1.6', spdx: 'SPDX 2.3', spdx3: 'SPDX 3.0.1' }
  expect(`${bom.format} ${bom.version}`).toBe(expected[format])
  const own = bom.components.filter(({ name }) => name !== 'shop-web-1')
  const clean = (name: string) => (format === 'cyclonedx-xml' ? name.replace('\u0001', '') : name)
  expect(own.map(({ name, version, purl }) => ({ name, version, purl })).sort(byName)).toEqual(
    [components[0], components[1], components[3], components[4]].map((one) => ({ ...one!, name: clean(one!.name) })).sort(byName),
  )
  // The same bill at another time is the same bill.
  const later = writeBill(format, components.toReversed(), 'shop-web-1', '1.2.3', 1_790_000_000_123)
  expect(later).toBe(text)
  if (format.startsWith('spdx')) expect(bom.subject).toBe('shop-web-1')
  // Nothing installed is a valid bill, too.
  expect((await readSbom(Buffer.from(writeBill(format, [], '', '1', 0)), format)).components.length).toBeLessThan(2)
})

const byName = (a: Listed, b: Listed) => (a.name < b.name ? -1 : 1)

const real = sharedData('vuln/sboms/renovate.cdx.json.gz')

it.skipIf(real === undefined)('carries a real bill of 1,222 components over into each form (needs ../shared/data)', async () => {
  const { readFile } = await import('node:fs/promises')
  const { components: all } = await readSbom(await readFile(real!), 'renovate')
  const purls = new Set(all.map(({ purl, name, version }) => purl ?? `${name}@${version}`))
  for (const format of BILL_FORMATS) {
    const again = await readSbom(Buffer.from(writeBill(format, all, 'renovate', '1', 0)), format)
    const found = new Set(again.components.map(({ purl, name, version }) => purl ?? `${name}@${version}`))
    expect([...purls.difference(found)]).toEqual([])
  }
})
