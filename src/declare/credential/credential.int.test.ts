import { contexts as credentialContexts } from '@digitalbazaar/credentials-context'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { contexts as integrityContexts } from '@digitalbazaar/data-integrity-context'
import { driver } from '@digitalbazaar/did-method-key'
import { from as multikeyFrom } from '@digitalbazaar/ed25519-multikey'
import { createVerifyCryptosuite } from '@digitalbazaar/eddsa-jcs-2022-cryptosuite'
import { verifyCredential } from '@digitalbazaar/vc'
import { checkStatus } from '@digitalbazaar/vc-bitstring-status-list'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import type { BadgeJson } from '../schema.ts'
import { testSigner } from '../testing/signer.ts'
import { badgeContext, badgeCredential, credentialPaths, statusListCredential } from './credential.ts'
import { base58 } from './multibase.ts'
import { didOf } from './secure.ts'
import { LIST_ENTRIES, placeOf } from './status-list.ts'

// The library hashes with the global of a browser.
Object.assign(globalThis, { self: globalThis })

const ORIGIN = 'https://soc.example.com'
const NOW = Date.now()
const signer = testSigner()

const badge: BadgeJson = {
  id: 'payments-api',
  state: 'held',
  since: new Date(NOW - 9_000_000).toISOString(),
  reason: null,
  objectives: [{ id: 'delay', state: 'met', value: 108, target: 300, unit: 'seconds', comparator: '<=' }],
  ledger: { size: 42, root: 'AAAA' },
  name: { en: 'Payments API', ja: '決済API' },
  version: '2026.11.01',
  validUntil: new Date(NOW + 86_400_000).toISOString(),
  evaluatedAt: new Date(NOW).toISOString(),
}
const issued = { number: LIST_ENTRIES + 7, since: NOW - 9_000_000, hash: 'c0ffee' }
const credential = (): JsonObject => badgeCredential(badge, issued, signer, ORIGIN, NOW)

const keys = driver()
keys.use({ multibaseMultikeyHeader: 'z6Mk', fromMultibase: multikeyFrom })

/** Judges as a third party does that has nothing of ours but what is public. */
async function judge(document: JsonObject, revoked: readonly number[] = [], listSigner = signer) {
  const list = statusListCredential(1, revoked, listSigner, ORIGIN, NOW)
  const documents = new Map<string, object>([
    ...credentialContexts,
    ...integrityContexts,
    [credentialPaths.context(ORIGIN), badgeContext(ORIGIN)],
    [credentialPaths.list(ORIGIN, 1), list],
  ])
  const documentLoader = async (url: string) => {
    const known = url.startsWith('did:key:') ? await keys.get({ url }) : documents.get(url)
    if (known === undefined) throw new Error(`${url} was not expected`)
    return { contextUrl: null, documentUrl: url, document: known }
  }
  const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() })
  const result = await verifyCredential({ credential: document, suite, documentLoader, checkStatus })
  const statuses = result.statusResult?.results ?? []
  return { ...result, good: result.verified && statuses.length === 1 && statuses.every(({ status }) => status === false) }
}

describe('a third party’s library', () => {
  test('accepts the credential of a held badge', async () => {
    const result = await judge(credential())
    expect(result.error).toBeUndefined()
    expect(result.good).toBe(true)
    expect(credential()['issuer']).toBe(didOf(signer))
  })

  test('refuses it once its bit is set, and minds no other', async () => {
    expect((await judge(credential(), [6, 8, 0, LIST_ENTRIES - 1])).good).toBe(true)
    expect((await judge(credential(), [placeOf(issued.number).index])).good).toBe(false)
  })

  test.each<[what: string, change: (document: Record<string, JsonObject>) => void]>([
    [
      'a target made easier',
      (document) => Object.assign((document['credentialSubject']!['objectives'] as unknown as JsonObject[])[0]!, { target: 900 }),
    ],
    ['a later end', (document) => Object.assign(document, { validUntil: new Date(NOW + 9e9).toISOString() })],
    ['another place in the list', (document) => Object.assign(document['credentialStatus']!, { statusListIndex: '9' })],
    ['another issuer', (document) => Object.assign(document, { issuer: didOf(testSigner()) })],
    ['a proof of another time', (document) => Object.assign(document['proof']!, { created: '2020-01-01T00:00:00Z' })],
    ['no proof', (document) => delete document['proof']],
  ])('refuses %s', async (_, change) => {
    const document = JSON.parse(JSON.stringify(credential())) as Record<string, JsonObject>
    change(document)
    expect((await judge(document).catch(() => ({ good: false }))).good).toBe(false)
  })

  test('refuses a credential that has ended, and a list by another issuer', async () => {
    const ended = badgeCredential({ ...badge, validUntil: new Date(NOW - 3_600_000).toISOString() }, issued, signer, ORIGIN, NOW)
    expect((await judge(ended)).good).toBe(false)
    expect((await judge(credential(), [], testSigner())).good).toBe(false)
  })
})

test('base 58 is the number that the bytes are', () => {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  const back = (text: string): number[] => {
    let number = [...text.slice(1)].reduce((all, digit) => all * 58n + BigInt(alphabet.indexOf(digit)), 0n)
    const bytes: number[] = []
    for (; number > 0n; number /= 256n) bytes.unshift(Number(number % 256n))
    return [...(/^z(1*)/.exec(text)?.[1] ?? '')].map(() => 0).concat(bytes)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      expect(back(base58(bytes))).toEqual([...bytes])
    }),
  )
})
