import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isArchivePath, packArchive, unpackArchive } from './archive.ts'
import { formatBundle } from './bundle-format.ts'
import { toBase64, utf8 } from './bytes.ts'
import { checkpointText } from './checkpoint.ts'
import { inclusionRanges, leafHash, rootOf } from './merkle.ts'
import { formatNote, formatVerifierKey, parseVerifierKey, type VerifierKey } from './note.ts'
import {
  BUNDLE_FILE,
  MANIFEST_FILE,
  manifestText,
  originOf,
  parseManifest,
  verifyEither,
  verifyFiles,
  verifyPackage,
} from './package.ts'

const ORIGIN = 'kanpeki.test/package'

interface Signer {
  readonly key: VerifierKey
  readonly note: (text: string) => string
}

function signer(name = ORIGIN): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  const key = parseVerifierKey(formatVerifierKey(name, raw))!
  return { key, note: (text) => formatNote(text, key, new Uint8Array(sign(null, Buffer.from(text), privateKey))) }
}

const OWN = signer()
const T = '2026-11-22T11:30:00.000Z'
const ENTRY = `{"body":{"card":"payments"},"logged":"${T}","observed":"${T}","outbox":1,"received":"${T}","scope":"default","type":"card","v":1}`

function bundleText(by: Signer): string {
  return formatBundle({
    format: 'kanpeki-bundle',
    version: 1,
    about: { card: 'payments' },
    made: T,
    key: by.key.text,
    checkpoint: by.note(checkpointText(ORIGIN, 1, leafHash(utf8(ENTRY)))),
    entries: [{ index: 0, entry: ENTRY, proof: [] }],
    events: [],
    missing: [],
  })
}

function packed(by = OWN, list = by): Uint8Array {
  const files = [
    { path: BUNDLE_FILE, bytes: utf8(bundleText(by)) },
    { path: 'report.html', bytes: utf8('<!doctype html><p>証拠</p>') },
    { path: 'report.pdf', bytes: utf8('%PDF-1.7 …') },
  ]
  return packArchive([...files, { path: MANIFEST_FILE, bytes: utf8(list.note(manifestText(files))) }])
}

const trusted = { trusted: [OWN.key] }

describe('an evidence package', () => {
  it('proves with the key of its log, and says what the key signed', async () => {
    const report = await verifyEither(packed(), 'p.zip', trusted)
    expect(report).toMatchObject({ verdict: 'proved', signer: ORIGIN, failures: [] })
    expect(report.notes).toContain('Signed as they are: bundle.json, report.html, report.pdf.')
    expect(originOf(packed())).toBe(ORIGIN)
  })

  it('without a trusted key is consistent at best', async () => {
    expect((await verifyPackage(packed(), 'p.zip')).verdict).toBe('consistent')
  })

  it('finds any changed byte, and names the file in which it is', async () => {
    const sound = packed()
    const read = unpackArchive(sound)
    if (typeof read === 'string') throw new Error(read)
    const spans = read.files.map(({ path, bytes }) => ({ path, from: bytes.byteOffset, to: bytes.byteOffset + bytes.length }))
    let named = 0
    for (let at = 0; at < sound.length; at++) {
      const bytes = Uint8Array.from(sound)
      bytes[at]! ^= 1 << (at % 8)
      const report = await verifyPackage(bytes, 'p.zip', trusted)
      expect(report.verdict, `byte ${at}`).toBe('failed')
      const inside = spans.find(({ from, to }) => at >= from && at < to)
      if (inside === undefined) continue
      named += 1
      expect(
        report.failures.some(({ path }) => path.startsWith(`p.zip/${inside.path}`)),
        `byte ${at} of ${inside.path}`,
      ).toBe(true)
    }
    console.info(`${sound.length} changed bytes, ${named} of them inside a file`)
    expect(named).toBeGreaterThan(500)
  }, 30_000)

  it('finds a file that is gone, one that was added, and a list that somebody else signed', async () => {
    const read = unpackArchive(packed())
    if (typeof read === 'string') throw new Error(read)
    const without = read.files.filter(({ path }) => path !== 'report.pdf')
    const more = [...read.files, { path: 'readme.txt', bytes: utf8('trust me') }]
    const cases = [
      [await verifyFiles(without, 'f', trusted), 'f/report.pdf', 'missing'],
      [await verifyFiles(more, 'f', trusted), 'f/readme.txt', 'digest_mismatch'],
      [
        await verifyFiles(
          read.files.filter(({ path }) => path !== MANIFEST_FILE),
          'f',
          trusted,
        ),
        `f/${MANIFEST_FILE}`,
        'missing',
      ],
      [await verifyPackage(packed(OWN, signer()), 'f', trusted), `f/${MANIFEST_FILE}`, 'wrong_signer'],
      [await verifyPackage(packed(OWN, signer('other.example')), 'f'), `f/${MANIFEST_FILE}`, 'wrong_signer'],
    ] as const
    for (const [report, path, code] of cases) {
      expect(report.verdict).toBe('failed')
      expect(report.failures).toMatchObject([{ path, code }])
    }
  })

  it('has a verdict on a bundle that no honest writer makes', async () => {
    const bundle = bundleText(OWN)
    const deep = `${'['.repeat(1e5)}${']'.repeat(1e5)}`
    const verdictOn = async (text: string) => {
      const { verdict, failures } = await verifyEither(utf8(text), 'b', trusted)
      return [verdict, failures[0]?.code]
    }
    expect(await verdictOn(bundle)).toEqual(['proved', undefined])
    for (const odd of ['1e999', '-1e999', deep])
      expect(await verdictOn(bundle.replace('"card":"payments"', `"card":${odd}`))).toEqual(['failed', 'malformed'])
    const none = { entry: '', index: 0, proof: [] }
    const many = bundle.replace(/"entries":\[.*?\}\]/, `"entries":${JSON.stringify(Array.from({ length: 65_000 }, () => none))}`)
    expect(many.length).toBeGreaterThan(1e6)
    expect(await verdictOn(many)).toEqual(['failed', 'digest_mismatch'])
  })

  it('says where entries of a span may have been left out', async () => {
    const texts = [1, 2, 3, 4].map((outbox) => ENTRY.replace('"outbox":1', `"outbox":${outbox}`))
    const leaves = texts.map((text) => leafHash(utf8(text)))
    const checkpoint = OWN.note(checkpointText(ORIGIN, 4, rootOf(leaves)))
    const notesOf = async (...indexes: readonly number[]) => {
      const entries = indexes.map((index) => {
        const proof = inclusionRanges(index, 4).map(({ from, to }) => toBase64(rootOf(leaves.slice(from, to))))
        return { index, entry: texts[index]!, proof }
      })
      const about = { from: '2026-11-22T00:00:00.000Z', to: '2026-11-23T00:00:00.000Z' }
      const common = { format: 'kanpeki-bundle', version: 1, made: T, key: OWN.key.text, events: [], missing: [] } as const
      const { verdict, notes } = await verifyEither(utf8(formatBundle({ ...common, about, checkpoint, entries })), 'b', trusted)
      expect(verdict).toBe('proved')
      return notes.join()
    }
    expect(await notesOf(0, 1, 2, 3)).toBe('')
    expect(await notesOf(1, 2)).toBe('That no entry of the span was left out before entry 1 or after entry 2 is not shown.')
    expect(await notesOf(0, 1)).toBe('That no entry of the span was left out after entry 1 is not shown.')
    expect(await notesOf(2, 3)).toBe('That no entry of the span was left out before entry 2 is not shown.')
  })

  it('unpacked into a folder, proves as well', async () => {
    const read = unpackArchive(packed())
    if (typeof read === 'string') throw new Error(read)
    expect((await verifyFiles(read.files.toReversed(), 'folder', trusted)).verdict).toBe('proved')
  })
})

describe('the archive', () => {
  it('gives back any files in order', () => {
    const file = fc.record({
      path: fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z]{1,4})?$/),
      bytes: fc.uint8Array({ maxLength: 300 }),
    })
    fc.assert(
      fc.property(fc.uniqueArray(file, { minLength: 1, maxLength: 6, selector: ({ path }) => path }), (files) => {
        const read = unpackArchive(packArchive(files))
        expect(read).toEqual({ files, fault: undefined })
      }),
    )
  })

  it('never throws for what it reads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        unpackArchive(noise)
        const whole = packArchive([{ path: 'a', bytes: noise }])
        unpackArchive(whole.subarray(0, Math.max(0, whole.length - noise.length)))
      }),
    )
  })

  it.each(['../etc/passwd', '/etc/passwd', 'a//b', 'C:\\x', '.hidden', 'a/../b', 'ä', '', 'a b'])(
    'refuses the name %j',
    (path) => {
      expect(isArchivePath(path)).toBe(false)
      expect(() => packArchive([{ path, bytes: new Uint8Array(0) }])).toThrow(RangeError)
    },
  )
})

it.each([
  ['', undefined],
  ['kanpeki evidence package\n', undefined],
  [`kanpeki evidence package\n${'0'.repeat(64)} 1 a`, undefined],
  [`kanpeki evidence package\n${'0'.repeat(64)} 01 a\n`, undefined],
  [`kanpeki evidence package\n${'0'.repeat(64)} 1 ../a\n`, undefined],
  [`kanpeki evidence package\n${'0'.repeat(64)} 1 a\n${'0'.repeat(64)} 1 a\n`, undefined],
  [`kanpeki evidence package\n${'0'.repeat(64)} 1 a\n`, 1],
])('reads the list %j', (text, files) => expect(parseManifest(text)?.length).toBe(files))
