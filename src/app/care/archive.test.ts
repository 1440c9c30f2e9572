import { randomBytes } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { signingKeyOf } from '../../prove/signing-key.ts'
import { manifestBytes, noteText } from './manifest.ts'
import { type ArchiveSink, readArchive } from './read-archive.ts'
import { placeOf, restoreBackup } from './restore-backup.ts'
import { BLOCK, readTarHeader, tarHeader } from './tar-header.ts'
import { type ArchiveSource, writeArchive } from './write-archive.ts'

const key = signingKeyOf('kanpeki.test/archive', Buffer.alloc(32, 7))
const other = signingKeyOf('kanpeki.test/other', Buffer.alloc(32, 8))

function source(name: string, text: string | Uint8Array): ArchiveSource {
  const bytes = Buffer.from(text)
  return {
    name,
    size: bytes.length,
    async *open() {
      yield bytes
    },
  }
}

const FILES = [
  source('files/kanpeki.yml', 'port: 7300\n'),
  source('ledger/checkpoint', 'x'.repeat(BLOCK)),
  source('state/state.db', ''),
]

async function archive(sources: readonly ArchiveSource[] = FILES, signer = key): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of writeArchive(sources, (files) => {
    const manifest = manifestBytes({
      format: 'kanpeki-backup',
      version: 1,
      product: '0.0.0',
      made: '2026-11-22T00:00:00.000Z',
      ledger: { origin: key.verifier.name, size: 0, root: '', key: key.verifier.text },
      state: { kind: 'sqlite', steps: [] },
      lake: { kind: 'parts', events: 0, lastReceived: null },
      sealKey: { id: '0', included: false },
      files: [...files],
    })
    return { manifest, note: Buffer.from(signer.signNote(noteText(manifest))) }
  }))
    parts.push(part)
  return Buffer.concat(parts)
}

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function memory(): ArchiveSink & { readonly files: Map<string, string> } {
  const files = new Map<string, string>()
  let name = ''
  return {
    files,
    begin: async (given) => {
      name = given
      files.set(name, '')
    },
    write: async (chunk) => void files.set(name, files.get(name) + Buffer.from(chunk).toString()),
    end: async () => undefined,
  }
}

const codeOf = (bytes: Uint8Array, size = 4096): Promise<string> =>
  readArchive(chunked(bytes, size), [], memory()).then(
    () => 'read',
    (error: unknown) => (error instanceof KanpekiError ? error.code : `not ours: ${String(error)}`),
  )

it('gives back what it was given, whatever the pieces it comes in', async () => {
  const bytes = await archive()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (size) => {
      const sink = memory()
      const { manifest, bytes: read } = await readArchive(chunked(bytes, size), [key.verifier], sink)
      expect(read).toBe(bytes.length)
      expect([...sink.files.keys()]).toEqual(FILES.map(({ name }) => name))
      expect(manifest.files.map(({ size: one }) => one)).toEqual([11, BLOCK, 0])
      expect(sink.files.get('files/kanpeki.yml')).toBe('port: 7300\n')
    }),
    { numRuns: 30 },
  )
})

it('refuses an archive in which any one bit of any byte was changed', async () => {
  const bytes = await archive()
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = changed[at]! ^ (1 << (at % 8))
    expect([at, await codeOf(changed)]).toEqual([at, 'archive_broken'])
  }
  expect(bytes.length).toBeGreaterThan(5000)
})

it('refuses an archive that ends too early, anywhere, or goes on after its end', async () => {
  const bytes = await archive()
  for (let length = 0; length < bytes.length; length += 97) expect(await codeOf(bytes.subarray(0, length))).toBe('archive_broken')
  expect(await codeOf(Buffer.concat([bytes, Buffer.alloc(BLOCK)]))).toBe('archive_broken')
})

it('refuses another signature, and a key that is not expected', async () => {
  expect(await codeOf(await archive(FILES, other))).toBe('archive_broken')
  await expect(readArchive(chunked(await archive(), 999), [other.verifier], memory())).rejects.toMatchObject({
    code: 'archive_foreign',
  })
})

it('refuses a name that comes twice', async () => {
  expect(await codeOf(await archive([...FILES, FILES[0]!]))).toBe('archive_broken')
})

/** Headers as other programs write them, each with a right checksum. */
function forged(change: (block: Buffer) => void): Buffer {
  const block = tarHeader({ name: 'files/x', size: 0 })
  change(block)
  block.fill(' ', 148, 156)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return block
}

it.each([
  ['a hard link', (block: Buffer) => void (block.write('1', 156) && block.write('/etc/passwd', 157))],
  ['a symbolic link', (block: Buffer) => void (block.write('2', 156) && block.write('../..', 157))],
  ['a character device', (block: Buffer) => void block.write('3', 156)],
  ['a block device', (block: Buffer) => void block.write('4', 156)],
  ['a folder', (block: Buffer) => void block.write('5', 156)],
  ['a FIFO', (block: Buffer) => void block.write('6', 156)],
  ['an extended header', (block: Buffer) => void block.write('x', 156)],
  ['a long name of GNU', (block: Buffer) => void block.write('L', 156)],
  ['an executable', (block: Buffer) => void block.write('0000755\0', 100)],
  ['an owner', (block: Buffer) => void block.write('0001750\0', 108)],
  ['a negative size', (block: Buffer) => void block.fill(0xff, 124, 136)],
  ['a size that is no number', (block: Buffer) => void block.write('9999999999\0', 124)],
  ['an empty name', (block: Buffer) => void block.fill(0, 0, 100)],
  ['a name split otherwise', (block: Buffer) => void (block.fill(0, 0, 100) && block.write('x', 0) && block.write('files', 345))],
])('refuses the header of %s', (_, change) => {
  expect(() => readTarHeader(forged(change), 0)).toThrow(expect.objectContaining({ code: 'archive_broken' }))
})

it('keeps names and sizes of any length that fits', () => {
  const segment = fc.stringMatching(/^[a-z0-9_.-]{1,60}$/)
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }), (names, size) => {
      const entry = { name: names.join('/'), size }
      let header: Buffer
      try {
        header = tarHeader(entry)
      } catch (error) {
        expect(error).toMatchObject({ code: 'archive_name' })
        expect(Buffer.byteLength(entry.name)).toBeGreaterThan(100)
        return
      }
      expect(readTarHeader(header, 0)).toEqual(entry)
    }),
  )
})

it.each([
  ['files/keys/ledger.key', 'keys/ledger.key'],
  ['state/state.db', 'state.db'],
  ['state/rows/access_accounts.jsonl', '.rows/access_accounts.jsonl'],
  ['lake/parts/1_1_1_0/data.bin', '.parts/1_1_1_0/data.bin'],
  ['lake/sealed/2026-11-22T04/events.parquet', 'lake/sealed/2026-11-22T04/events.parquet'],
])('puts %s at %s', (name, place) => expect(placeOf(name)).toBe(place))

it.each([
  'etc/passwd',
  'files/state.db',
  'files/state.db-wal',
  'files/ledger/checkpoint',
  'files/running.json',
  'files/lock',
  'files/.parts/x',
  'state/rows/../../x.jsonl',
  'state/other',
  'files/',
  '',
])('has no place for %j', (name) => expect(() => placeOf(name)).toThrow(expect.objectContaining({ code: 'archive_broken' })))

it('signs what no checkpoint can be', () => {
  expect(noteText(new Uint8Array()).split('\n', 1)[0]).toContain(' ')
  expect(() => key.signNote('kanpeki.test/archive\n1\nAAAA\n')).toThrow(TypeError)
})

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-archive-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  'files/../../outside',
  'files/../outside',
  'files//outside',
  'files/a\\..\\..\\outside',
  'files/C:outside',
  'files/nul',
  'files/line\nbreak',
  'ledger/../../outside',
  'lake/sealed/../../../outside',
  'lake/parts/../../outside',
  `files/${'x'.repeat(90)}/./y`,
])('restores nothing from a well-signed archive with the entry %j', async (name) => {
  const file = join(folder, 'hostile.tar')
  writeFileSync(file, await archive([...FILES, source(name, 'hostile')]))
  const data = join(folder, 'data')
  const options = { archive: createReadStream(file), data, keys: [], environment: {}, log: () => {} }
  await expect(restoreBackup(options)).rejects.toMatchObject({
    code: expect.stringMatching(/^(unsafe_path|archive_broken)$/) as string,
  })
  expect(readdirSync(folder)).toEqual(['hostile.tar'])
})

it('restores nothing from a file that is no backup', async () => {
  const file = join(folder, 'hostile.tar')
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(2 * BLOCK), randomBytes(5000)]) {
    writeFileSync(file, bytes)
    const options = { archive: createReadStream(file), data: join(folder, 'data'), keys: [], environment: {}, log: () => {} }
    await expect(restoreBackup(options)).rejects.toMatchObject({ code: 'archive_broken' })
  }
  expect(readdirSync(folder)).toEqual(['hostile.tar'])
})
