import type { ActionReceipt } from '../../kernel/action.ts'
import { messageOf } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'

/** What was done at one place. */
export interface PlaceDone {
  readonly outcome: 'done' | 'already'
  readonly detail?: JsonObject
  /** Kept for `undo`; only where it was `done`. */
  readonly undo?: JsonObject
}

/**
 * Does the same at several places, one after the other; one that fails does not keep the others from being done.
 * @throws what the first place threw, where none succeeded.
 */
export async function onEach<P extends { readonly name: string }>(
  places: readonly P[],
  work: (place: P) => Promise<PlaceDone>,
): Promise<ActionReceipt> {
  const done: (PlaceDone & { on: string })[] = []
  const failed: { on: string; reason: string }[] = []
  let first: unknown
  for (const place of places) {
    try {
      done.push({ on: place.name, ...(await work(place)) })
    } catch (error) {
      first ??= error
      failed.push({ on: place.name, reason: messageOf(error) })
    }
  }
  if (done.length === 0 && failed.length > 0) throw first
  const undo = done.flatMap((one) => (one.outcome === 'done' && one.undo !== undefined ? [{ on: one.on, ...one.undo }] : []))
  return {
    outcome: done.some(({ outcome }) => outcome === 'done') ? 'done' : 'already',
    detail: {
      places: [...done.map(({ on, outcome, detail }) => ({ on, outcome, ...detail })), ...failed.map((one) => ({ ...one }))],
    },
    ...(failed.length === 0 ? {} : { problem: failed.map(({ on, reason }) => `${on}: ${reason}`).join(' ') }),
    ...(undo.length === 0 ? {} : { undo: { places: undo } }),
  }
}

/** One place that `onEach` did something at, with what it kept for this. */
export type UndoPlace = JsonObject & { readonly on: string }

/**
 * Takes back what `onEach` did, place by place, all of them even where one fails.
 * @throws what the first place threw; to repeat it is right.
 */
export async function undoEach(receipt: ActionReceipt, work: (place: UndoPlace) => Promise<void>): Promise<ActionReceipt> {
  const kept = receipt.undo?.['places']
  const places = Array.isArray(kept) ? (kept as unknown as UndoPlace[]) : []
  let first: unknown
  for (const place of places)
    await work(place).catch((error: unknown) => {
      first ??= error
    })
  if (first !== undefined) throw first
  return { outcome: places.length > 0 ? 'done' : 'already', detail: { places: places.map(({ on }) => ({ on })) } }
}
