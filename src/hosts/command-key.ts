import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomically } from '../platform/atomic-file.ts'
import { readIfThere } from '../platform/read-if-there.ts'
import { openSealedFile, sealedFile } from '../platform/secrets/sealed-file.ts'
import type { SealedPlace } from '../platform/secrets/sealed-place.ts'
import type { Sealer } from '../platform/secrets/sealer.ts'
import { type Signed, signedSchema, successionTextSchema } from './schema.ts'

const FILE = 'agent-commands.key.sealed'
const SUCCESSIONS = 'agent-commands.successions.json'
const CONTEXT = 'agent-command-key'
/** Beyond this an agent that was away for all of them enrols anew. */
const MOST_SUCCESSIONS = 100

/** What a signature is for is part of what is signed: a policy is never taken for a command. */
export type SignedFor = 'command' | 'policy' | 'key'

const message = (what: SignedFor, text: string): Buffer => Buffer.from(`kanpeki-agent-${what}/v1\n${text}`)

/** The key that agents know commands by (Ed25519, RFC 8032). An agent takes it at its first contact, and later only one that it names. */
export interface CommandKey {
  /** SPKI, base64. */
  readonly public: string
  readonly sign: (what: SignedFor, text: string) => Signed
  /** How it came to be this key: each signed by the one before, oldest first. */
  readonly successions: readonly Signed[]
}

export interface RotatingKey extends CommandKey {
  /** Signs with a new key from now on; the old one names it, and is gone then. @returns both public keys. */
  readonly rotate: () => Promise<{ readonly from: string; readonly to: string }>
}

const make = (): KeyObject => generateKeyPairSync('ed25519').privateKey
const bytesOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' })
const publicOf = (key: KeyObject): string => createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
const signedBy = (key: KeyObject, what: SignedFor, text: string): Signed => ({
  text,
  signature: sign(null, message(what, text), key).toString('base64'),
})

/** Reads the key from the folder of keys, sealed there, or makes one. */
export async function openCommandKey(folder: string, sealer: Sealer): Promise<RotatingKey> {
  const der = await openSealedFile(join(folder, FILE), sealer, CONTEXT, () => bytesOf(make()))
  let key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  let shown = publicOf(key)
  // A crash between the two files leaves a succession to a key that never signed anything.
  let successions = leadingTo(await readSuccessions(folder), shown)
  let turn: Promise<unknown> = Promise.resolve()

  async function rotate(): Promise<{ from: string; to: string }> {
    const next = make()
    const from = shown
    const to = publicOf(next)
    const text = JSON.stringify({ v: 1, from, to })
    const more = [...successions, signedBy(key, 'key', text)].slice(-MOST_SUCCESSIONS)
    await writeFileAtomically(join(folder, SUCCESSIONS), `${JSON.stringify(more)}\n`)
    await writeFileAtomically(join(folder, FILE), `${sealer.seal(bytesOf(next), CONTEXT)}\n`)
    key = next
    shown = to
    successions = more
    return { from, to }
  }
  return {
    get public() {
      return shown
    },
    get successions() {
      return successions
    },
    sign: (what, text) => signedBy(key, what, text),
    rotate() {
      const work = turn.then(rotate)
      turn = work.catch(() => {})
      return work
    },
  }
}

async function readSuccessions(folder: string): Promise<Signed[]> {
  const text = await readIfThere(join(folder, SUCCESSIONS))
  return text === undefined ? [] : z.array(signedSchema).parse(JSON.parse(text))
}

const textOf = (succession: Signed) => {
  try {
    return successionTextSchema.safeParse(JSON.parse(succession.text)).data
  } catch {
    return undefined
  }
}

const leadingTo = (all: readonly Signed[], key: string): Signed[] =>
  all.slice(0, all.findLastIndex((one) => textOf(one)?.to === key) + 1)

/** The key that follows from a known one, each signed by the one before; the known one where none does. */
export function successorOf(known: string, successions: readonly Signed[]): string {
  let key = known
  for (const succession of successions) {
    const said = textOf(succession)
    if (said?.from === key && isSigned('key', succession, key)) key = said.to
  }
  return key
}

/** Whether the holder of `key` (SPKI, base64) signed the text for that. */
export function isSigned(what: SignedFor, { text, signature }: Signed, key: string): boolean {
  try {
    const known = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    return known.asymmetricKeyType === 'ed25519' && verify(null, message(what, text), known, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** For the rotation of the seal key. */
export function sealedCommandKey(folder: string): SealedPlace {
  return sealedFile(join(folder, FILE), CONTEXT)
}
