import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { canonicalJson, type JsonObject } from '../../../src/kernel/json.ts'
import type { EntryProofView } from '../../../src/prove/schema.ts'
import { toBase64, utf8 } from '../../../src/prove/verify/bytes.ts'
import { checkpointText } from '../../../src/prove/verify/checkpoint.ts'
import { inclusionRanges, leafHash, rootOf } from '../../../src/prove/verify/merkle.ts'
import { formatNote, formatSignatureLine, formatVerifierKey, parseVerifierKey } from '../../../src/prove/verify/note.ts'
import { rotationText } from '../../../src/prove/verify/rotation.ts'
import { breakable, gist } from './entry-text.ts'
import { verifyEntry } from './verify-entry.ts'

const SIZE = 21
const INDEX = 13
const ORIGIN = 'kanpeki.example/log'

/** A real log of 21 entries with a real signature, as the server would show entry 13. */
function makeEntry(privateKey: KeyObject, publicKey: KeyObject): EntryProofView {
  const time = '2026-11-22T05:00:00.000Z'
  const entry = (index: number): JsonObject => ({
    v: 1,
    type: 'measure',
    scope: 'default',
    outbox: index,
    observed: time,
    received: time,
    logged: time,
    body: { value: index },
  })
  const leaves = Array.from({ length: SIZE }, (_, index) => leafHash(utf8(canonicalJson(entry(index)))))
  const root = rootOf(leaves)
  const key = formatVerifierKey(ORIGIN, new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)))
  const text = checkpointText(ORIGIN, SIZE, root)
  const proof = inclusionRanges(INDEX, SIZE).map(({ from, to, side }) => ({
    level: Math.ceil(Math.log2(to - from)),
    side,
    from,
    to,
    hash: toBase64(rootOf(leaves.slice(from, to))),
  }))
  return {
    index: INDEX,
    type: 'measure',
    scope: 'default',
    outbox: INDEX,
    observed: time,
    received: time,
    logged: time,
    subjects: [],
    body: { value: INDEX },
    canonical: canonicalJson(entry(INDEX)),
    leaf: toBase64(leaves[INDEX] ?? new Uint8Array()),
    size: SIZE,
    root: toBase64(root),
    proof,
    tiles: [],
    checkpoint: formatNote(text, parseVerifierKey(key)!, new Uint8Array(sign(null, utf8(text), privateKey))),
    key,
    rotations: [],
  }
}

let honest: EntryProofView
let other: EntryProofView
/** A change from the key of `other` to that of `honest`. */
let rotation: EntryProofView['rotations'][number]
beforeAll(() => {
  const pair = generateKeyPairSync('ed25519')
  honest = makeEntry(createPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })), pair.publicKey)
  const second = generateKeyPairSync('ed25519')
  other = makeEntry(second.privateKey, second.publicKey)
  const [from, to] = [parseVerifierKey(other.key)!, parseVerifierKey(honest.key)!]
  const signedByBoth = (text: string): string =>
    formatNote(text, from, new Uint8Array(sign(null, utf8(text), second.privateKey))) +
    formatSignatureLine({ name: to.name, id: to.id, signature: new Uint8Array(sign(null, utf8(text), pair.privateKey)) })
  const head = honest.checkpoint.slice(0, honest.checkpoint.indexOf('\n\n') + 1)
  rotation = { index: 3, note: signedByBoth(rotationText(from, to)), checkpoint: signedByBoth(head) }
})

it('follows a key that this browser knows to the one it announced, and to no other', async () => {
  const checks = async (rotations: EntryProofView['rotations'], known: string) =>
    (await verifyEntry({ ...honest, rotations }, known)).checks.key
  expect(await checks([rotation], other.key)).toBe(true)
  expect(await checks([], other.key)).toBe(false)
  expect(await checks([{ ...rotation, checkpoint: honest.checkpoint }], other.key)).toBe(false)
  expect(await checks([{ ...rotation, index: SIZE }], other.key)).toBe(false)
  const stranger = generateKeyPairSync('ed25519')
  expect(await checks([rotation], makeEntry(stranger.privateKey, stranger.publicKey).key)).toBe(false)
})

it('proves an untouched entry, on first use and with the key it knows', async () => {
  expect((await verifyEntry(honest, undefined)).ok).toBe(true)
  expect((await verifyEntry(honest, honest.key)).checks).toEqual({ content: true, path: true, signature: true, key: true })
})

it.each([
  [
    'a changed text',
    'content',
    (entry: EntryProofView) => ({ ...entry, canonical: entry.canonical.replace('"value":13', '"value":14') }),
  ],
  [
    'a changed text with its own leaf',
    'path',
    (entry: EntryProofView) => {
      const canonical = entry.canonical.replace('"value":13', '"value":14')
      return { ...entry, canonical, leaf: toBase64(leafHash(utf8(canonical))) }
    },
  ],
  ['a missing hash', 'path', (entry: EntryProofView) => ({ ...entry, proof: entry.proof.slice(1) })],
  ['another place', 'path', (entry: EntryProofView) => ({ ...entry, index: 12 })],
  ['a head signed by somebody else', 'signature', (entry: EntryProofView) => ({ ...entry, checkpoint: other.checkpoint })],
  ['a key of somebody else', 'key', () => other],
] as const)('refuses %s at the %s check', async (_, check, change) => {
  const verdict = await verifyEntry(change(honest), honest.key)
  expect(verdict.ok).toBe(false)
  expect(verdict.checks[check]).toBe(false)
})

it('breaks the exact text between members only, and loses no character', () => {
  const text = '{"a":"x, \\"y\\"","b":[1,2],"c":{}}'
  expect(breakable(text)).toEqual(['{"a":"x, \\"y\\"",', '"b":[1,', '2],', '"c":{}}'])
  expect(breakable(text).join('')).toBe(text)
})

it('names an entry by what its body says', () => {
  expect(gist({ rule: { title: 'Web shell' }, id: 'a1' })).toBe('Web shell · a1')
  expect(gist({ count: 3 })).toBe('')
})
