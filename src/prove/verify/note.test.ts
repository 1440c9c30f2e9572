import { describe, expect, test } from 'vitest'
import { parseSigningKey, signingKeyOf } from '../signing-key.ts'
import { toBase64, utf8 } from './bytes.ts'
import { parseCheckpoint, splitCheckpoints } from './checkpoint.ts'
import { checkNote, formatVerifierKey, parseNote, parseVerifierKey } from './note.ts'

/** The example of golang.org/x/mod/sumdb/note. */
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const PETER_PRIVATE = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const SIGNATURE = 'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
const NOTE = `${TEXT}\n— PeterNeumann ${SIGNATURE}\n`

describe('the reference note', () => {
  test('its key, private and public', () => {
    expect(parseVerifierKey(PETER)?.text).toBe(PETER)
    expect(parseSigningKey(PETER_PRIVATE)?.verifier.text).toBe(PETER)
  })
  test('its signature', async () => {
    const note = parseNote(utf8(NOTE))!
    expect(note.text).toBe(TEXT)
    expect(await checkNote(note, parseVerifierKey(PETER)!)).toBeUndefined()
  })
  test('a changed text is forged, another key has not signed', async () => {
    const other = signingKeyOf('PeterNeumann', new Uint8Array(32)).verifier
    expect(await checkNote(parseNote(utf8(NOTE.replace('answer', 'Answer')))!, parseVerifierKey(PETER)!)).toBe('forged')
    expect(await checkNote(parseNote(utf8(NOTE))!, other)).toBe('unsigned')
  })
  test('signatures of others are ignored, a wrong one of ours rejects the note', async () => {
    const key = parseVerifierKey(PETER)!
    expect(await checkNote(parseNote(utf8(`${NOTE}— someone/else ${toBase64(new Uint8Array(80))}\n`))!, key)).toBeUndefined()
    const wrong = toBase64(Uint8Array.of(0xc7, 0x4f, 0x20, 0xa3, ...new Uint8Array(64)))
    expect(await checkNote(parseNote(utf8(`${NOTE}— PeterNeumann ${wrong}\n`))!, key)).toBe('forged')
  })
})

const NOT_KEYS: readonly (readonly [string, string])[] = [
  ['another hash', PETER.replace('c74f20a3', 'c74f20a4')],
  ['another name', PETER.replace('Peter', 'Petra')],
  ['another type', 'PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
  ['upper-case hash', PETER.replace('c74f20a3', 'C74F20A3')],
  ['a short key', 'PeterNeumann+c74f20a3+ARpc'],
  ['a newline', `${PETER}\n`],
  ['nothing', ''],
]
test.each(NOT_KEYS)('%s is no key', (_what, text) => {
  expect(parseVerifierKey(text)).toBeUndefined()
})

const NOT_NOTES: readonly (readonly [string, string])[] = [
  ['no signature', TEXT],
  ['no empty line', `${TEXT}— PeterNeumann ${SIGNATURE}\n`],
  ['no last newline', NOTE.slice(0, -1)],
  ['a hyphen for the dash', NOTE.replace('—', '-')],
  ['a carriage return', NOTE.replace('\n', '\r\n')],
  ['a tab', NOTE.replace('think', 'think\t')],
  ['Base64 with a changed unused bit', NOTE.replace('nAM=', 'nAN=')],
  ['two spaces', NOTE.replace('— P', '—  P')],
  ['text after the signatures', `${NOTE}more\n`],
]
test.each(NOT_NOTES)('%s makes no note', (_what, text) => {
  expect(parseNote(utf8(text))).toBeUndefined()
})
test('invalid UTF-8 makes no note', () => {
  expect(parseNote(Uint8Array.of(0xff, ...utf8(NOTE)))).toBeUndefined()
})

describe('a checkpoint', () => {
  const key = signingKeyOf('kanpeki.local/0011aabb', new Uint8Array(32).fill(7))
  const root = new Uint8Array(32).fill(9)
  const text = key.signCheckpoint(20_852_163, root)

  test('is origin, size and root, signed', async () => {
    const checkpoint = parseCheckpoint(utf8(text))!
    expect([checkpoint.origin, checkpoint.size, toBase64(checkpoint.root)]).toEqual([
      key.verifier.name,
      20_852_163,
      toBase64(root),
    ])
    expect(await checkNote(checkpoint.note, key.verifier)).toBeUndefined()
    expect(text.split('\n').length).toBe(6)
  })
  test('the example of the specification reads', () => {
    const example =
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
      '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n'
    expect(parseCheckpoint(utf8(example))?.size).toBe(20_852_163)
  })
  test.each([
    ['a leading zero', text.replace('\n20852163\n', '\n020852163\n')],
    ['a sign', text.replace('\n20852163\n', '\n+20852163\n')],
    ['too large a size', text.replace('\n20852163\n', '\n99999999999999999999\n')],
    ['an extension line', text.replace('\n\n', '\nmore\n\n')],
    ['a short root', text.replace(/\n[A-Za-z0-9+/=]{44}\n/, '\nAAAA\n')],
    ['no origin', text.slice(text.indexOf('\n'))],
  ])('%s is refused', (_what, changed) => {
    expect(changed).not.toBe(text)
    expect(parseCheckpoint(utf8(changed))).toBeUndefined()
  })
  test('many in one file are found, and a torn one between them is left over', () => {
    const two = key.signCheckpoint(5, root)
    expect(splitCheckpoints(`${text}\n${two}\n`)).toEqual({ notes: [text, two], rest: '' })
    expect(splitCheckpoints(text).notes).toEqual([text])
    const torn = splitCheckpoints(`${text}\n${text.slice(0, 40)}\n${two}\n`)
    expect(torn.notes).toContain(text)
    expect(splitCheckpoints('').notes).toEqual([])
  })
})

test('a key of many names is refused', () => {
  const publicKey = new Uint8Array(32).fill(1)
  expect(parseVerifierKey(formatVerifierKey('a b', publicKey))).toBeUndefined()
  expect(() => signingKeyOf('a+b', publicKey)).toThrow('cannot name a key')
})
