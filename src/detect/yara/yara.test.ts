import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ENGINE_FILES, enginePlatform } from './engine-files.ts'
import { hostMatches } from './host-matches.ts'
import { yaraRuleInfo } from './rule-info.ts'
import { openYara, type YaraScanner } from './scanner.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-yara-'))
afterAll(() => rmSync(folder, { recursive: true }))

const rules = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** Reads every pair of bytes: minutes for a few megabytes. */
const ENDLESS =
  'rule Endless { condition: filesize > 1000000 and for all i in (0..filesize - 1) : ( for all j in (0..filesize - 1) : ( uint8(i) == uint8(j) ) ) }'

const isHere = process.platform === 'linux' ? process.arch === 'x64' : process.platform === 'darwin'

describe.skipIf(!isHere)(`YARA${isHere ? '' : ' (skipped: the engine does not ship for this platform)'}`, () => {
  let yara: YaraScanner
  beforeEach(async () => {
    const good = rules(
      'good.yar',
      '/* rule NotOne */\nimport "pe"\nrule Evil : tag {\n  meta:\n    description = "says evil"\n    score = 75\n    mitre_attack = "T1059.004"\n  strings:\n    $a = "evil" nocase // rule Neither\n  condition:\n    $a and not pe.is_pe\n}\n',
    )
    const bad = rules('bad.yar', 'rule Fine { condition: true }\n\nrule Bad {\n  condition:\n    nobody.knows\n}\n')
    const again = rules('repeats.yar', '\nrule Evil { condition: true }\n')
    const reads = rules('reads.yar', `include "${good}"\nrule Reads { condition: true }\n`)
    yara = await openYara([good, bad, again, reads, rules('endless.yar', ENDLESS)], { timeout: 2000 })
  })
  afterEach(() => yara.close())

  it('loads what is sound, and refuses the rest by file and line', () => {
    expect(yara.rules.map(({ name, line }) => [name, line])).toEqual([
      ['Evil', 3],
      ['Endless', 1],
    ])
    expect(yara.refused.map(({ file, line, code }) => [file.replace(`${folder}/`, ''), line, code])).toEqual([
      ['bad.yar', 5, 'yara-e009'],
      ['repeats.yar', 2, 'id-repeated'],
      ['reads.yar', 1, expect.stringMatching(/^yara-/)],
    ])
  })

  it('says which rule matched where', async () => {
    const [match] = await yara.scan({ data: Buffer.from('some EVIL text') })
    expect(match).toMatchObject({ rule: 'Evil', tags: ['tag'], places: [{ pattern: '$a', offset: 5, length: 4, text: 'EVIL' }] })
    const file = join(folder, 'sample')
    writeFileSync(file, 'nothing')
    expect(await yara.scan({ file })).toEqual([])
    await expect(yara.scan({ file: join(folder, 'absent') })).rejects.toMatchObject({ code: 'yara_failed' })
    expect(yaraRuleInfo({ name: 'Evil', file: 'good.yar' }, match!.meta)).toMatchObject({
      id: 'yara-Evil',
      level: 'high',
      description: 'says evil',
      techniques: ['T1059.004'],
    })
  })

  it('reads plain files only, of a bounded size, and follows no link that it is not told to', async () => {
    const file = join(folder, 'program')
    writeFileSync(file, 'says evil')
    symlinkSync(file, join(folder, 'link'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const read = (name: string, more = {}) => yara.read({ file: join(folder, name), most: 100, follow: false, ...more })
    const sha256 = createHash('sha256').update('says evil').digest('hex')
    expect(await read('program')).toMatchObject({ kind: 'matches', sha256, bytes: 9, matches: [{ rule: 'Evil' }] })
    expect(await read('link', { follow: true })).toMatchObject({ sha256 })
    expect(await read('program', { most: 8 })).toEqual({ kind: 'unread', why: 'large' })
    expect(await read('pipe')).toEqual({ kind: 'unread', why: 'other' })
    for (const name of ['link', 'absent']) expect(await read(name)).toEqual({ kind: 'unread', why: 'gone' })
  })

  it('ends a scan that takes too long, and goes on with the next', async () => {
    const large = Buffer.alloc(4_000_000, 'x')
    const next = [yara.scan({ data: large }), yara.scan({ data: Buffer.from('evil') })]
    await expect(next[0]).rejects.toMatchObject({ code: 'yara_timeout' })
    expect((await next[1])?.map(({ rule }) => rule)).toEqual(['Evil'])
  })
})

describe('YARA on hosts', () => {
  it.skipIf(ENGINE_FILES[enginePlatform()] === undefined)('names the engine that is installed here', () => {
    const { name, sha256, bytes } = ENGINE_FILES[enginePlatform()]!
    const content = readFileSync(createRequire(import.meta.url).resolve(name))
    expect([createHash('sha256').update(content).digest('hex'), content.length]).toEqual([sha256, bytes])
  })

  it('takes an agent’s word for what it found, and nothing that is no match', () => {
    const told = (yara: unknown, action = 'yara-match') =>
      hostMatches({
        id: 'e-1',
        scope: 'default',
        source: 'agent',
        observed: 1,
        received: 2,
        doc: { event: { action }, host: { name: 'web-1' }, file: { path: '/tmp/x' }, kanpeki_agent: { yara } },
      } as unknown as Parameters<typeof hostMatches>[0])
    const place = { pattern: '$a', offset: 4, length: 4, text: 'evil' }
    const good = { rule: 'Evil', tags: [], meta: { severity: 'high', nested: { a: 1 } }, places: [place, { pattern: 1 }] }
    expect(told({ matches: [good, { rule: 'no name' }, 7, { rule: 'Plain' }] })).toMatchObject([
      { rule: { id: 'yara-Evil', level: 'high' }, group: { 'host.name': 'web-1' }, conditions: [{ text: '/tmp/x $a @4: evil' }] },
      { rule: { id: 'yara-Plain', level: 'medium' }, conditions: [] },
    ])
    for (const nothing of [undefined, 'x', { matches: 'x' }, { matches: [null] }]) expect(told(nothing)).toEqual([])
    expect(told({ matches: [good] }, 'file-change')).toEqual([])
  })
})
