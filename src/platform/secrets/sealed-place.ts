import { type Sealer, sealedBy } from './sealer.ts'

/** Somewhere sealed values are kept, so that they can be sealed again when the key changes. */
export interface SealedPlace {
  readonly id: string
  /**
   * Seals again what other keys sealed; durable when it resolves, and right to call again after a crash.
   * @returns how many values were written.
   */
  reseal(sealer: Sealer): Promise<number>
}

/** The value under the present key; undefined if it is already, or is not a sealed value. */
export function resealed(sealer: Sealer, value: string, context: string): string | undefined {
  const id = sealedBy(value)
  return id === undefined || id === sealer.keyId ? undefined : sealer.seal(sealer.open(value, context), context)
}
