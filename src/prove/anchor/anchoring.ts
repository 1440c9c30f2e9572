import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { nativeSha256 } from '../batch-root.ts'
import type { LedgerFiles } from '../files.ts'
import type { Ledger } from '../ledger.ts'
import { ANCHORED_FILE, ANCHORS_FOLDER, type AnchorFiles, anchorFolder, anchorsAmong, STAMP_SUFFIX } from '../verify/anchors.ts'
import { utf8 } from '../verify/bytes.ts'
import { checkTimeStamp } from '../verify/timestamp.ts'
import { type Authority, askForStamp } from './authority.ts'

/** How an authority stands. Times are milliseconds UTC. */
export interface AuthorityState {
  readonly url: string
  /** Entries under its newest stamp, and when that was by its clock. */
  readonly size: number
  readonly at: number | null
  /** Checkpoints that are kept for it and not yet stamped. */
  readonly waiting: number
  readonly failures: number
  /** Why it did not stamp when it was last asked; null when it did. */
  readonly reason: string | null
}

/** The ledger's head is stamped by others from time to time: whoever holds every key here cannot date anything back. */
export interface Anchoring {
  readonly states: readonly AuthorityState[]
  /** Keeps the head for stamping where one is due, then asks for all that is missing. Never rejects. */
  ask(): Promise<void>
}

export interface AnchoringDeps {
  readonly ledger: Pick<Ledger, 'head'>
  /** The ledger's files. */
  readonly files: LedgerFiles
  readonly outgoing: Outgoing
  readonly clock: Clock
  readonly authorities: readonly Authority[]
  /** Milliseconds from one anchored checkpoint to the next, where the ledger has grown. */
  readonly every: number
}

interface Known {
  readonly authority: Authority
  state: AuthorityState
}

/**
 * Opens what was stamped before. The queue is the files themselves: a checkpoint beside which an authority's stamp is
 * missing waits for it, over restarts and for as long as there is no network.
 */
export async function openAnchoring(deps: AnchoringDeps): Promise<Anchoring> {
  const { ledger, files, outgoing, clock, authorities, every } = deps
  const list = async (): Promise<readonly AnchorFiles[]> => anchorsAmong(await files.list(ANCHORS_FOLDER))
  const known: Known[] = []
  for (const authority of authorities) known.push({ authority, state: await stateOf(files, await list(), authority) })
  let keptAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined

  const keepHead = async (): Promise<void> => {
    const { checkpoint, size } = ledger.head
    const now = clock.now()
    const newest = (await list()).at(-1)?.size ?? 0
    if (size === 0 || size <= newest || now - keptAt < every) return
    await files.write([{ path: `${anchorFolder(size)}/${ANCHORED_FILE}`, bytes: utf8(checkpoint.text) }])
    keptAt = now
  }

  /** Oldest first, and no further than the first that fails: an authority that is away is asked once. */
  const askOne = async (one: Known): Promise<void> => {
    const stamp = stampName(one.authority)
    const missing = waitingFor(await list(), stamp)
    one.state = { ...one.state, waiting: missing.length }
    for (const { path, size } of missing) {
      try {
        const bytes = await files.read(`${path}/${ANCHORED_FILE}`)
        if (bytes === undefined) continue
        const { token, stamp: said } = await askForStamp(outgoing, one.authority, bytes)
        await files.write([{ path: `${path}/${stamp}`, bytes: token }])
        const at = Date.parse(said.at)
        one.state = { ...one.state, size, at, waiting: one.state.waiting - 1, reason: null }
      } catch (error) {
        one.state = { ...one.state, failures: one.state.failures + 1, reason: messageOf(error) }
        return
      }
    }
  }

  return {
    get states() {
      return known.map(({ state }) => state)
    },
    async ask() {
      if (known.length === 0) return
      running ??= keepHead()
        .then(() => Promise.all(known.map(askOne)))
        .then(
          () => undefined,
          (error: unknown) => {
            for (const one of known) one.state = { ...one.state, failures: one.state.failures + 1, reason: messageOf(error) }
          },
        )
        .finally(() => {
          running = undefined
        })
      await running
    },
  }
}

/** An authority that is new is not asked for what others have stamped before it came. */
function waitingFor(anchors: readonly AnchorFiles[], stamp: string): readonly AnchorFiles[] {
  const has = ({ stamps }: AnchorFiles): boolean => stamps.some((path) => path.endsWith(`/${stamp}`))
  const last = anchors.findLastIndex(has)
  const newest = anchors.at(-1)
  return last >= 0 ? anchors.slice(last + 1) : anchors.filter((one) => one === newest || one.stamps.length === 0)
}

function stampName({ id }: Authority): string {
  return `${id}${STAMP_SUFFIX}`
}

async function stateOf(files: LedgerFiles, anchors: readonly AnchorFiles[], authority: Authority): Promise<AuthorityState> {
  const stamp = stampName(authority)
  const newest = anchors.findLast(({ stamps }) => stamps.some((path) => path.endsWith(`/${stamp}`)))
  const waiting = waitingFor(anchors, stamp).length
  const state = { url: authority.url, size: 0, at: null, waiting, failures: 0, reason: null }
  if (newest === undefined) return state
  const text = await files.read(`${newest.path}/${ANCHORED_FILE}`)
  const token = await files.read(`${newest.path}/${stamp}`)
  if (text === undefined || token === undefined) return state
  const said = await checkTimeStamp(token, nativeSha256(text), authority.roots)
  return 'code' in said ? { ...state, reason: said.reason } : { ...state, size: newest.size, at: Date.parse(said.at) }
}
