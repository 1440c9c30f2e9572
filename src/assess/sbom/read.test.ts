import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { messageOf } from '../../kernel/error.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { allDiffer } from './cyclonedx-schema.ts'
import { readCycloneDxXml, validateCycloneDx } from './cyclonedx-xml.ts'
import { type CutPart, cutCycloneDxXml, readLargeCycloneDxXml } from './cyclonedx-xml-large.ts'
import { readSbom } from './read.ts'

const cyclonedx = sharedData('vuln/cyclonedx/src/test/resources')
const spdx = sharedData('vuln/spdx')
const boms = sharedData('vuln/sboms')

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

describe.skipIf(cyclonedx === undefined || spdx === undefined)('published examples (need ../shared/data)', () => {
  it('takes what is valid and refuses what is not, with the reason: CycloneDX', async () => {
    const wrong: string[] = []
    let valid = 0
    let invalid = 0
    const documents = filesIn(cyclonedx!).flatMap((path) => {
      const name = relative(cyclonedx!, path)
      const [, version = '', wanted] = /^(\d\.\d)\/(valid|invalid)-/.exec(name) ?? []
      return wanted === undefined ? [] : [{ file: name, version, wanted, bytes: readFileSync(path) }]
    })
    const inXml = documents.filter(({ file }) => file.endsWith('.xml'))
    // Those in XML together: the schema is loaded once a version, not once a document.
    const xml = await readCycloneDxXml(inXml.map(({ file, bytes }) => ({ file, text: bytes.toString('utf8') })))
    const byFile = new Map(inXml.map(({ file }, at) => [file, xml[at]!]))
    for (const { file, version, wanted, bytes } of documents) {
      const answer = byFile.get(file) ?? (await readSbom(bytes, file).catch((error: unknown) => error as Error))
      const fault =
        answer instanceof Error ? answer.message : answer.version === version ? undefined : `read as ${answer.version}`
      if (wanted === 'valid') valid += 1
      else invalid += 1
      if ((wanted === 'valid') !== (fault === undefined)) wrong.push(`${file}: ${fault ?? 'taken'}`)
    }
    // Cut after each item of each list, the same are valid, and list the same.
    const parts: CutPart[] = []
    const cut = inXml.map(({ file, bytes }) => {
      const text = bytes.toString('utf8')
      const first = parts.length
      try {
        const cutting = cutCycloneDxXml([text.slice(0, text.length >> 1), text.slice(text.length >> 1)], file, 1)
        for (;;) {
          const { value, done } = cutting.next()
          if (done === true) return { first, end: parts.length, read: value }
          parts.push(value)
        }
      } catch (error) {
        return { first, end: first, read: error as Error }
      }
    })
    const faults = new Set<CutPart>()
    for (const [version, some] of Map.groupBy(parts, (one) => one.version))
      for (const at of (await validateCycloneDx(version, some)).keys()) faults.add(some[at]!)
    for (const [at, { first, end, read }] of cut.entries()) {
      const [whole, { file, wanted }] = [xml[at]!, inXml[at]!]
      const valid = !(read instanceof Error) && !parts.slice(first, end).some((one) => faults.has(one))
      if (valid !== (wanted === 'valid')) wrong.push(`${file}: in parts`)
      else if (valid && !(whole instanceof Error))
        expect(read, file).toEqual({ version: whole.version, subject: whole.subject, components: whole.components })
    }
    console.log(`${inXml.length} of them in XML, also read in ${parts.length} parts`)
    console.log(`${valid} valid and ${invalid} invalid CycloneDX documents, ${wrong.length} judged wrong`)
    expect(valid).toBeGreaterThan(150)
    expect(invalid).toBeGreaterThan(100)
    expect(wrong).toEqual([])
  }, 120_000)

  it('reads SPDX 2 and 3', async () => {
    const read: string[] = []
    const wrong: string[] = []
    for (const path of filesIn(spdx!)) {
      const name = relative(spdx!, path)
      await readSbom(readFileSync(path), name).then(
        ({ version, components }) => read.push(`${version} ${components.length}`),
        (error: unknown) => wrong.push(`${name}: ${messageOf(error)}`),
      )
    }
    console.log(
      `${read.length} SPDX documents read: ${JSON.stringify(Object.fromEntries([...Map.groupBy(read, (one) => one.split(' ')[0])].map(([version, group]) => [version, group.length])))}`,
    )
    expect(read.length).toBeGreaterThan(35)
    expect(wrong).toEqual([])
  })

  it('reads two real ones', async () => {
    const counts = await Promise.all(
      ['fastify', 'renovate'].map(
        async (name) => (await readSbom(readFileSync(join(boms!, `${name}.cdx.json.gz`)), name)).components.length,
      ),
    )
    expect(counts).toEqual([621, 1222])
  })
})

const CDX = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 }

it.each([
  ['nothing', '', 'sbom_invalid'],
  ['a table', 'a,b\n1,2', 'sbom_invalid'],
  ['half a document', '{"bomFormat":"CycloneDX"', 'sbom_invalid'],
  ['other JSON', '{"hello":1}', 'sbom_invalid'],
  ['a version to come', JSON.stringify({ ...CDX, specVersion: '9.9' }), 'sbom_invalid'],
  [
    'a reference for two',
    JSON.stringify({ ...CDX, components: ['a', 'b'].map((name) => ({ type: 'library', name, 'bom-ref': 'x' })) }),
    'sbom_invalid',
  ],
  [
    'billion laughs',
    '<!DOCTYPE bom [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><bom xmlns="http://cyclonedx.org/schema/bom/1.6"><x>&b;</x></bom>',
    'sbom_invalid',
  ],
  [
    'a file of the host',
    '<!DOCTYPE bom [<!ENTITY a SYSTEM "file:///etc/passwd">]><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>',
    'sbom_invalid',
  ],
  ['another root', '<html xmlns="http://www.w3.org/1999/xhtml"/>', 'sbom_invalid'],
  ['SPDX with a missing end', 'SPDXVersion: SPDX-2.3\nPackageComment: <text>never closed', 'sbom_invalid'],
])('refuses %s', async (_, text, code) => {
  expect(await rejectionOf(readSbom(Buffer.from(text), 'x'))).toBe(code)
})

it('refuses what is nested without an end, and what unpacks to more than memory should hold', async () => {
  const deep = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":${'[{"type":"library","name":"a","components":'.repeat(50_000)}[]${'}]'.repeat(50_000)}}`
  expect(await rejectionOf(readSbom(Buffer.from(deep), 'deep'))).toBe('sbom_invalid')
  const bomb = gzipSync(Buffer.alloc(2 ** 20 + 1))
  expect(await rejectionOf(readSbom(bomb, 'bomb', 2 ** 20))).toBe('sbom_too_large')
  expect(await rejectionOf(readSbom(Buffer.alloc(2 ** 20 + 1), 'large', 2 ** 20))).toBe('sbom_too_large')
})

it('names the line of the document, wherever XML was cut', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const bill = (bad: number, end: string) =>
    `<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6"\n version="1">\n<components>\n${names
      .map(
        (name, at) =>
          `<component type="${at === bad ? 'nothing' : 'library'}" bom-ref="${name}">\n<name>${name}</name>\n</component>\n`,
      )
      .join('')}</components>\n${end}\n</bom>\n`
  const fault = async (text: string) => messageOf(await readLargeCycloneDxXml([text], 'x', 1).catch((error: unknown) => error))
  const good = await readLargeCycloneDxXml(bill(-1, ''), 'x', 1)
  expect(good.components.map(({ name }) => name)).toEqual(names)
  for (const at of names.keys()) expect(await fault(bill(at, ''))).toContain(`line ${5 + 3 * at}: `)
  expect(await fault(bill(-1, '<dependencies>\n<other/></dependencies>'))).toContain('line 22: ')
  expect(await fault(bill(-1, '<services><service bom-ref="c"><name>s</name></service></services>'))).toContain(
    'the bom-ref c is given twice',
  )
})

it('refuses what is twice in a list in whatever order its fields are, in time that grows with the list', async () => {
  const component = (at: number) => ({ type: 'library', name: `package-${at}`, version: '1', description: 'x'.repeat(60) })
  const many = Array.from({ length: 20_000 }, (_, at) => component(at))
  const bom = (components: readonly object[]) =>
    Buffer.from(JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components }))
  expect((await readSbom(bom(many), 'many')).components).toHaveLength(20_000)
  const turned = Object.fromEntries(Object.entries(component(7)).reverse())
  await expect(readSbom(bom([...many, turned]), 'twice')).rejects.toThrow('/components must NOT have duplicate items')
  for (const [items, differ] of [
    [[1, '1', null, true, 'true'], true],
    [
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
      false,
    ],
    [
      [
        [1, 2],
        [2, 1],
      ],
      true,
    ],
    [['x'.repeat(100), 'x'.repeat(100)], false],
    [[], true],
  ] as const)
    expect(allDiffer(items), JSON.stringify(items)).toBe(differ)
})
