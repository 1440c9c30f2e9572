import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { nativeSha256 } from '../batch-root.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import { makeBundle } from '../make-bundle.ts'
import { readFolder } from '../read-folder.ts'
import { entriesFrom } from '../testing/entries-data.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { HAS_OPENSSL, makeAuthority, type StamperKey, stampBy, startTimeStamper } from '../testing/time-stamper.ts'
import { verifyBundle } from '../verify/bundle.ts'
import { formatBundle } from '../verify/bundle-format.ts'
import { toBase64, utf8 } from '../verify/bytes.ts'
import { readPemCertificates } from '../verify/certificate.ts'
import { childrenOf, type Der, readDer, TAG, writeDer } from '../verify/der.ts'
import { verifyDirectory } from '../verify/directory.ts'
import { checkTimeStamp } from '../verify/timestamp.ts'
import { openAnchoring } from './anchoring.ts'
import { parseAuthority } from './authority.ts'
import { timeStampRequest } from './request.ts'

/** The value with one part of it changed, for each part and each change. */
function variantsOf(der: Der): Uint8Array[] {
  const parts = (der.tag & 0x20) !== 0 ? childrenOf(der) : isWrapped(der) ? [readDer(der.content)] : []
  return parts.flatMap((part, at) => {
    const bytes = parts.map(({ raw }) => raw)
    const within = (...instead: readonly Uint8Array[]) => writeDer(der.tag, ...bytes.toSpliced(at, 1, ...instead))
    const odd = [within(), within(part.raw, part.raw), within(writeDer(part.tag)), writeDer(der.tag, ...bytes.slice(0, at))]
    const long = within(writeDer(part.tag, new Uint8Array(200_000).fill(0x30)))
    return [...odd, long, ...variantsOf(part).map((inner) => within(inner))]
  })
}

/** An OCTET STRING that holds DER. */
function isWrapped({ tag, content }: Der): boolean {
  try {
    return tag === TAG.octetString && readDer(content).tag === TAG.sequence
  } catch {
    return false
  }
}

if (!HAS_OPENSSL && process.env['CI'] === 'true') throw new Error('openssl is not installed')

const HOUR = 3_600_000
const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })

describe.skipIf(!HAS_OPENSSL)('time-stamps by openssl ts', () => {
  const made = mkdtempSync(join(tmpdir(), 'kanpeki-tsa-'))
  const authority = join(made, 'ec')
  beforeAll(() => void makeAuthority(authority, 'ec'))
  afterAll(() => rmSync(made, { recursive: true, force: true }))

  const roots = (folder = authority) => readPemCertificates(readFileSync(join(folder, 'ca.pem'), 'utf8'))
  const stampOf = (text: string, folder = authority) =>
    new Uint8Array(stampBy(folder, timeStampRequest(nativeSha256(utf8(text)), Uint8Array.of(0x41, 2, 3))))

  test.each<StamperKey>(['rsa', 'rsa-pss', 'ed25519'])('hold below a certificate of the kind %s', async (key) => {
    const folder = makeAuthority(join(made, key), key)
    const said = await checkTimeStamp(stampOf('what was there', folder), nativeSha256(utf8('what was there')), roots(folder))
    expect(said).toMatchObject({ authority: 'Test TSA', nonce: '410203', trusted: true })
  })

  test('says why each of several others does not hold', async () => {
    const digest = nativeSha256(utf8('a'))
    const stamp = stampOf('a')
    const others = makeAuthority(join(made, 'others'), 'ec')
    const old = roots().map((one) => ({ ...one, to: one.from }))
    const codeOf = async (...args: Parameters<typeof checkTimeStamp>) => {
      const said = await checkTimeStamp(...args)
      return 'code' in said ? said.code : 'holds'
    }
    expect(await codeOf(stamp, digest, roots())).toBe('holds')
    expect(await codeOf(stamp, digest, undefined)).toBe('holds')
    expect(await codeOf(stamp, nativeSha256(utf8('b')), roots())).toBe('timestamp_mismatch')
    expect(await codeOf(stamp, digest, roots(others))).toBe('timestamp_untrusted')
    expect(await codeOf(stamp, digest, [])).toBe('timestamp_untrusted')
    expect(await codeOf(stamp, digest, old)).toBe('timestamp_untrusted')
    expect(await codeOf(new Uint8Array(0), digest, roots())).toBe('timestamp_malformed')
    expect(await codeOf(stamp.slice(0, -1), digest, roots())).toBe('timestamp_malformed')
    expect(await codeOf(Uint8Array.of(0x30, 5, 0x30, 3, 2, 1, 2), digest, roots())).toBe('timestamp_malformed')
  })

  test('no changed bit of a stamp passes', async () => {
    const digest = nativeSha256(utf8('a'))
    const stamp = stampOf('a')
    const before = await checkTimeStamp(stamp, digest, roots())
    let found = 0
    for (let at = 0; at < stamp.length; at += 4) {
      const changed = stamp.slice()
      changed[at]! ^= 1 << (at % 8)
      const said = await checkTimeStamp(changed, digest, roots())
      if ('code' in said) found++
      // What is not signed (a version, the certificate of the root that comes along) may change and say the same.
      else expect(said).toEqual(before)
    }
    const tried = Math.ceil(stamp.length / 4)
    console.info(`${found} of ${tried} changed bytes were refused; the others change nothing that is said`)
    expect(found).toBeGreaterThan(tried / 2)
  })

  test('has a word on any part that is left out, repeated, emptied or far too long', async () => {
    const digest = nativeSha256(utf8('a'))
    const stamp = stampOf('a')
    const before = await checkTimeStamp(stamp, digest, roots())
    const variants = variantsOf(readDer(stamp))
    for (const changed of variants) {
      const said = await checkTimeStamp(changed, digest, roots())
      if (!('code' in said)) expect(said).toEqual(before)
    }
    expect(variants.length).toBeGreaterThan(500)
  }, 60_000)

  test('checkpoints are stamped, wait over a restart while nobody answers, and verify with openssl and with us', async () => {
    const { data, ledger, clock } = await logOf(3)
    const stamper = await startTimeStamper(authority)
    stamper.answer = () => ({ status: 503, body: utf8('away') })
    const settings = { ledger, files: ledger.files, outgoing, clock, every: HOUR }
    const authorities = [parseAuthority(`${stamper.url} ${stamper.caFile}`)]
    const first = await openAnchoring({ ...settings, authorities })
    await first.ask()
    await grow(ledger, 4)
    await first.ask()
    expect(first.states).toMatchObject([{ size: 0, at: null, waiting: 1, failures: 2, reason: expect.stringContaining('503') }])
    clock.time += HOUR
    await first.ask()
    expect(first.states).toMatchObject([{ waiting: 2 }])
    const unstamped = await verifyDirectory(readFolder(data), { trusted: [ledger.key], authorities: roots() })
    expect(unstamped.failures.map(({ code }) => code)).toEqual(['not_timestamped'])
    expect(unstamped.notes).toEqual(['2 anchored checkpoints wait for a time-stamp.'])

    stamper.answer = undefined
    const second = await openAnchoring({ ...settings, authorities })
    expect(second.states).toMatchObject([{ waiting: 2 }])
    await second.ask()
    expect(second.states).toMatchObject([{ size: 7, at: expect.any(Number), waiting: 0, reason: null }])
    const asked = stamper.asked()
    await second.ask()
    expect(stamper.asked()).toBe(asked)

    const report = await verifyDirectory(readFolder(data), { trusted: [ledger.key], authorities: roots() })
    expect(report).toMatchObject({ verdict: 'proved', failures: [] })
    expect(report.stamps).toMatchObject([
      { authority: 'Test TSA', size: 3, trusted: true },
      { authority: 'Test TSA', size: 7, trusted: true },
    ])
    const anchor = join(data, 'ledger/anchors/000000000007')
    const stamp = readdirSync(anchor).find((name) => name.endsWith('.tsr'))!
    const openssl = execFileSync(
      'openssl',
      ['ts', '-verify', '-data', join(anchor, 'checkpoint'), '-in', join(anchor, stamp), '-CAfile', stamper.caFile],
      { encoding: 'utf8', stdio: 'pipe' },
    )
    expect(openssl).toContain('Verification: OK')

    const third = await openAnchoring({ ...settings, authorities })
    expect(third.states).toEqual([{ ...second.states[0]!, failures: 0 }])
  })

  test.each<[what: string, change: (folder: string, name: string) => void, code: string]>([
    [
      'the stamp of another checkpoint',
      (folder, name) => writeFileSync(join(folder, name), stampOf('another')),
      'timestamp_mismatch',
    ],
    [
      'a stamp that is cut off',
      (folder, name) => writeFileSync(join(folder, name), readFileSync(join(folder, name)).subarray(0, 99)),
      'timestamp_malformed',
    ],
    [
      'a changed checkpoint',
      (folder) => changeText(join(folder, 'checkpoint'), (text) => text.replace('\n3\n', '\n4\n')),
      'malformed',
    ],
    [
      'a checkpoint of another history',
      (folder) =>
        changeText(join(folder, 'checkpoint'), (text) =>
          text.replace(/\n[^\n]{43}=\n/, `\n${toBase64(nativeSha256(utf8('x')))}\n`),
        ),
      'forked',
    ],
    ['a checkpoint that is gone', (folder) => rmSync(join(folder, 'checkpoint')), 'missing'],
  ])('%s is found and named', async (_what, change, code) => {
    const { data, ledger, folder, name } = await stamped()
    change(folder, name)
    const report = await verifyDirectory(readFolder(data), { trusted: [ledger.key] })
    expect(report.failures).toMatchObject([{ path: expect.stringContaining('ledger/anchors/000000000003/'), code }])
  })

  test('a bundle carries the oldest stamp over all of its entries, and a changed one is found', async () => {
    const { ledger } = await stamped()
    await grow(ledger, 300)
    const { checkpoint } = ledger.head
    const log = { checkpoint, key: ledger.key.text, entry: ledger.entry, readTile: ledger.readTile, beside: ledger.files }
    const bundle = await makeBundle({ log, about: { index: 1 }, indexes: [1] })
    const options = { trusted: [ledger.key], authorities: roots(), hash: nativeSha256 }
    const report = await verifyBundle(utf8(formatBundle(bundle)), 'b', options)
    expect(report).toMatchObject({ verdict: 'proved', failures: [], stamps: [{ authority: 'Test TSA', size: 3, trusted: true }] })
    const [stamp] = bundle.stamps!
    const withStamp = async (changed: object) => {
      const text = formatBundle({ ...bundle, stamps: [{ ...stamp!, ...changed }] })
      return (await verifyBundle(utf8(text), 'b', options)).failures.map(({ path, code }) => `${path} ${code}`)
    }
    const gone = 'b#/stamps not_timestamped'
    expect(await withStamp({ token: toBase64(stampOf('another')) })).toEqual(['b#/stamps/0 timestamp_mismatch', gone])
    expect(await withStamp({ proof: stamp!.proof.slice(1) })).toEqual(['b#/stamps/0 forked', gone])
    expect(await withStamp({ checkpoint: stamp!.checkpoint.replace('\n3\n', '\n2\n') })).toEqual(['b#/stamps/0 forked', gone])
    expect(await withStamp({})).toEqual([])
  })

  test('what an authority answers is taken only if it is of the request and by whom it should be', async () => {
    const { ledger, clock } = await logOf(3)
    const stamper = await startTimeStamper(authority)
    const other = join(makeAuthority(join(made, 'other'), 'ec'), 'ca.pem')
    const opened = (place: string) =>
      openAnchoring({ ledger, files: ledger.files, outgoing, clock, every: HOUR, authorities: [parseAuthority(place)] })
    const foreign = await opened(`${stamper.url} ${other}`)
    await foreign.ask()
    expect(foreign.states).toMatchObject([{ size: 0, waiting: 1, reason: expect.stringContaining('nobody that is trusted') }])
    const kept = stampOf(ledger.head.checkpoint.text)
    stamper.answer = () => ({ body: kept })
    const repeated = await opened(`${stamper.url} ${stamper.caFile}`)
    await repeated.ask()
    expect(repeated.states).toMatchObject([{ size: 0, waiting: 1, reason: expect.stringContaining('another request') }])
    expect(await ledger.files.list('anchors')).toEqual(['anchors/000000000003/checkpoint'])
  })

  async function stamped() {
    const { data, ledger, clock } = await logOf(3)
    const stamper = await startTimeStamper(authority)
    const authorities = [parseAuthority(`${stamper.url} ${stamper.caFile}`)]
    await (await openAnchoring({ ledger, files: ledger.files, outgoing, clock, every: HOUR, authorities })).ask()
    const folder = join(data, 'ledger/anchors/000000000003')
    return { data, ledger, folder, name: readdirSync(folder).find((name) => name.endsWith('.tsr'))! }
  }
})

test.each([
  'tsa.example.com/tsr',
  'ftp://tsa.example.com',
  'https://tsa.example.com /a b',
  'https://tsa.example.com /no/such/file',
])('%j names no authority', (text) => {
  expect(() => parseAuthority(text)).toThrow(expect.objectContaining({ code: 'config' }) as Error)
})

async function logOf(size: number) {
  const data = temporaryFolder()
  const clock = { time: Date.parse('2026-03-01T10:00:00.000Z'), now: () => clock.time }
  const ledger = await openLedger({ data, origin: 'example.com/soc', clock })
  await grow(ledger, size)
  return { data, ledger, clock }
}

async function grow(ledger: Ledger, by: number): Promise<void> {
  await ledger.append(entriesFrom(ledger.head.size + 1, by))
}

function changeText(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}
