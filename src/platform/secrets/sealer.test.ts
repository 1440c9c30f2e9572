import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { codeOf } from '../testing/code-of.ts'
import { createSealer, isSealed, sealedBy, sealKeyId } from './sealer.ts'

const keys = [randomBytes(32), randomBytes(32)] as const
const sealer = createSealer([keys[0]])

it('opens what it sealed, never seals the same way twice, and shows nothing of the value', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary' }), (plain, context) => {
      const sealed = sealer.seal(plain, context)
      expect([...sealer.open(sealed, context)]).toEqual([...plain])
      expect(sealer.seal(plain, context)).not.toBe(sealed)
      expect(isSealed(sealed)).toBe(true)
      expect(sealedBy(sealed)).toBe(sealKeyId(keys[0]))
      if (plain.length >= 8) expect(Buffer.from(sealed.split(':')[2]!, 'base64url').includes(Buffer.from(plain))).toBe(false)
    }),
  )
  expect(sealer.open(sealer.seal('鍵は秘密', 'a'), 'a').toString('utf8')).toBe('鍵は秘密')
})

it('refuses a text with any character changed, any byte flipped, cut or lengthened', () => {
  const sealed = sealer.seal('a secret of some length', 'access_totp:yui')
  let tried = 0
  for (let at = 0; at < sealed.length; at++) {
    for (const other of ['A', 'b', '0', '_', ':']) {
      if (sealed[at] === other) continue
      tried += 1
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
      expect(codeOf(() => sealer.open(changed, 'access_totp:yui'))).toMatch(/^seal_(broken|wrong_key)$/)
    }
  }
  const [form, id, text] = sealed.split(':') as [string, string, string]
  const body = Buffer.from(text, 'base64url')
  for (let bit = 0; bit < body.length * 8; bit++) {
    tried += 1
    const flipped = Buffer.from(body)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(codeOf(() => sealer.open(`${form}:${id}:${flipped.toString('base64url')}`, 'access_totp:yui'))).toBe('seal_broken')
  }
  for (let length = 0; length < text.length; length++) {
    tried += 1
    expect(codeOf(() => sealer.open(`${form}:${id}:${text.slice(0, length)}`, 'access_totp:yui'))).toBe('seal_broken')
  }
  for (const more of ['A', 'AAAA', '=', '\n', ' ', ':x']) {
    tried += 1
    expect(codeOf(() => sealer.open(sealed + more, 'access_totp:yui'))).toBe('seal_broken')
  }
  expect(tried).toBeGreaterThan(900)
})

it('opens a value only where it belongs', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (here, there) => {
      fc.pre(here !== there)
      expect(codeOf(() => sealer.open(sealer.seal('x', here), there))).toBe('seal_broken')
    }),
  )
})

it('seals with the first of several keys and opens with all', () => {
  const rotated = createSealer([keys[1], keys[0]])
  const old = sealer.seal('x', 'c')
  expect(rotated.open(old, 'c').toString()).toBe('x')
  expect(sealedBy(rotated.seal('x', 'c'))).toBe(sealKeyId(keys[1]))
  expect(codeOf(() => sealer.open(rotated.seal('x', 'c'), 'c'))).toBe('seal_wrong_key')
})

it.each([[[]], [[randomBytes(16)]], [[randomBytes(32), randomBytes(31)]]])('refuses keys of another length (%#)', (given) => {
  expect(codeOf(() => createSealer(given))).toBe('seal_key_malformed')
})
