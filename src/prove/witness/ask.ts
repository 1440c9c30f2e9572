import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { Ledger } from '../ledger.ts'
import { consistencyProof } from '../proofs.ts'
import { utf8 } from '../verify/bytes.ts'
import { type Checkpoint, parseCheckpoint } from '../verify/checkpoint.ts'
import { checkCosignature, parseCosignerKey } from '../verify/cosignature.ts'
import { formatSignatureLine, parseSignatureLine, type VerifierKey } from '../verify/note.ts'
import { formatAddCheckpoint } from './request.ts'

/** Another's witness: where it listens (the submission prefix of C2SP tlog-witness) and the key of its cosignatures. */
export interface WitnessPlace {
  readonly url: string
  readonly key: VerifierKey
}

/** How a witness stands. Times are milliseconds UTC. */
export interface WitnessState {
  readonly name: string
  readonly url: string
  /** Size of the newest checkpoint it cosigned. */
  readonly size: number
  /** When, by its own clock. */
  readonly at: number | null
  readonly failures: number
  /** Why it did not cosign the last time it was asked; null when it did. */
  readonly reason: string | null
}

/** The witnesses of our own log. */
export interface Cosigning {
  readonly states: readonly WitnessState[]
  /** The newest checkpoint that a witness cosigned, with all cosignatures for it; undefined before the first. */
  readonly newest: Checkpoint | undefined
  /** The checkpoint with the cosignatures that are known for it. */
  cosigned(checkpoint: Checkpoint): Checkpoint
  /** Asks every witness that has not cosigned the log's head. Never rejects. */
  ask(): Promise<void>
}

export interface CosigningDeps {
  readonly ledger: Pick<Ledger, 'head' | 'readTile' | 'rotations' | 'keepCosigned' | 'readCosigned'>
  readonly outgoing: Outgoing
  readonly places: readonly WitnessPlace[]
}

/** A witness has moved on, or we do not know how far it is: it says so once, and is asked again. */
const MOST_TRIES = 3
const TIMEOUT_MS = 10_000
const LONGEST_ANSWER = 64 * 1024

interface Known {
  state: WitnessState
  /** The size that the witness will ask a proof from. */
  last: number
}

/** `URL KEY` of a setting. @throws KanpekiError `config`. */
export function parseWitnessPlace(text: string): WitnessPlace {
  const [url = '', key = '', ...more] = text.trim().split(/\s+/)
  const verifier = parseCosignerKey(key)
  if (verifier === undefined || more.length > 0 || !URL.canParse(url))
    throw new KanpekiError(
      'config',
      `${JSON.stringify(text)} in the setting witnesses is not the URL of a witness and its key.`,
      {
        remedy: 'Write it as: https://host/witness name+1a2b3c4d+BAbC… (the witness gives its key at /witness/key).',
      },
    )
  return { url: url.replace(/\/$/, ''), key: verifier }
}

/** Opens what the witnesses said before; an answer that does not hold any more is forgotten. */
export async function openCosigning({ ledger, outgoing, places }: CosigningDeps): Promise<Cosigning> {
  const before = await ledger.readCosigned()
  const kept = before === undefined ? undefined : parseCheckpoint(before)
  const known: Known[] = []
  for (const { url, key } of places) {
    const signed = kept === undefined ? 'unsigned' : await checkCosignature(kept.note, key)
    const size = typeof signed === 'string' ? 0 : kept!.size
    const at = typeof signed === 'string' ? null : signed.seconds * 1000
    known.push({ last: size, state: { name: key.name, url, size, at, failures: 0, reason: null } })
  }
  let newest = known.some(({ last }) => last > 0) ? kept : undefined
  let running: Promise<void> | undefined

  /** Shows a witness that is a Kanpeki too every change of our key. */
  const leadToKey = async (url: string): Promise<boolean> => {
    for (const { note } of ledger.rotations) {
      const headers = { 'content-type': 'text/plain; charset=utf-8' }
      const reply = await outgoing.fetch(`${url}/follow-key`, { method: 'POST', headers, body: note, timeoutMs: TIMEOUT_MS })
      if (reply.status === 404) return false
    }
    return ledger.rotations.length > 0
  }

  const askOne = async (one: Known, { url, key }: WitnessPlace, checkpoint: Checkpoint): Promise<string | undefined> => {
    try {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const from = Math.min(one.last, checkpoint.size)
        const proof = await consistencyProof(from, checkpoint.size, ledger.readTile)
        const reply = await outgoing.fetch(`${url}/add-checkpoint`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain; charset=utf-8' },
          body: formatAddCheckpoint({ old: from, proof, checkpoint }),
          timeoutMs: TIMEOUT_MS,
          maxBytes: LONGEST_ANSWER,
        })
        const text = await reply.text()
        if (reply.status === 403 && tries === 0 && (await leadToKey(url))) continue
        const size = reply.status === 409 ? sizeIn(text) : undefined
        if (size !== undefined && size !== from && size <= checkpoint.size) {
          one.last = size
          continue
        }
        if (reply.status !== 200) throw new Error(`it answered ${reply.status}: ${text.trim().slice(0, 200)}`)
        const signatures = text.split('\n').flatMap((line) => parseSignatureLine(line) ?? [])
        const signed = await checkCosignature({ text: checkpoint.note.text, signatures }, key)
        if (typeof signed === 'string') throw new Error('its answer holds no cosignature by its key')
        one.last = checkpoint.size
        one.state = { ...one.state, size: checkpoint.size, at: signed.seconds * 1000, reason: null }
        return formatSignatureLine(signed.line)
      }
      throw new Error('it named another size each time it was asked')
    } catch (error) {
      one.state = { ...one.state, failures: one.state.failures + 1, reason: messageOf(error) }
      return undefined
    }
  }

  const askAll = async (): Promise<void> => {
    const { checkpoint } = ledger.head
    if (checkpoint.size === 0 || known.every(({ state }) => state.size === checkpoint.size && state.reason === null)) return
    const lines = await Promise.all(known.map((one, at) => askOne(one, places[at]!, checkpoint)))
    const given = lines.filter((line) => line !== undefined)
    if (given.length === 0) return
    const base = newest?.note.text === checkpoint.note.text ? newest.text : checkpoint.text
    const text = given.reduce((all, line) => (all.includes(line) ? all : all + line), base)
    newest = parseCheckpoint(utf8(text))
    await ledger.keepCosigned(utf8(text))
  }

  return {
    get states() {
      return known.map(({ state }) => state)
    },
    get newest() {
      return newest
    },
    cosigned: (checkpoint) => (newest?.note.text === checkpoint.note.text ? newest : checkpoint),
    async ask() {
      if (places.length === 0) return
      running ??= askAll()
        .catch((error: unknown) => {
          for (const one of known) one.state = { ...one.state, failures: one.state.failures + 1, reason: messageOf(error) }
        })
        .finally(() => {
          running = undefined
        })
      await running
    },
  }
}

function sizeIn(text: string): number | undefined {
  const match = /^(0|[1-9]\d{0,15})\n?$/.exec(text)
  return match === null ? undefined : Number(match[1])
}
