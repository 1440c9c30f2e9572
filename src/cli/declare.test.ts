import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { declareCommand } from './declare.ts'

const examples = fileURLToPath(new URL('../../content/declarations/', import.meta.url))
const card = join(examples, 'customer-data-path.yml')

describe('kanpeki declare', () => {
  let out = ''
  let errors = ''
  beforeEach(() => {
    out = ''
    errors = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text)
      return true
    })
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      errors += String(text)
      return true
    })
  })
  afterEach(() => vi.restoreAllMocks())

  const variant = async (from: string, to: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'kanpeki-declare-'))
    const file = join(folder, 'card.yml')
    await writeFile(file, (await readFile(card, 'utf8')).replace(from, to))
    return file
  }

  it('validates the cards that ship', async () => {
    const files = ['customer-data-path', 'detection-and-evidence', 'on-call'].map((name) => join(examples, `${name}.yml`))
    expect(await declareCommand(['validate', ...files])).toBe(0)
    expect(out.trim().split('\n')).toHaveLength(3)
  })

  it('refuses an unknown measure by file and line and names those there are', async () => {
    const file = await variant('detect.p1-precision', 'detect.luck')
    expect(await declareCommand(['validate', card, file])).toBe(1)
    expect(out).toMatch(
      /card\.yml:\d+ objectives\.1\.measure: There is no measure detect\.luck\. Known measures: .*detect\.alert-delay/,
    )
    expect(await declareCommand(['validate', '--json', file])).toBe(1)
    expect(await declareCommand(['validate', join(examples, 'absent.yml')])).toBe(2)
  })

  it('marks a weaker promise', async () => {
    const weaker = await variant('target: 90', 'target: 50')
    expect(await declareCommand(['diff', card, weaker])).toBe(1)
    expect(out).toContain('weaker    objectives.attack-coverage.target')
    expect(await declareCommand(['diff', weaker, card])).toBe(0)
  })

  it('prints the schema and its own use', async () => {
    expect(await declareCommand(['schema'])).toBe(0)
    const schema = JSON.parse(out) as {
      properties: { objectives: { items: { properties: { measure: { examples: string[] } } } } }
    }
    expect(schema).toMatchObject({ $id: 'urn:kanpeki:schema:card' })
    expect(schema.properties.objectives.items.properties.measure.examples).toContain('detect.alert-delay')
    const published = fileURLToPath(new URL('../../docs/schemas/card.json', import.meta.url))
    expect(JSON.parse(await readFile(published, 'utf8')), 'write it anew with `kanpeki declare schema`').toEqual(schema)
    expect(await declareCommand(['judge'])).toBe(64)
    expect(errors).toContain('Usage: kanpeki declare')
  })
})
