import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Labels } from './schema.ts'

/** A scope with the labels that an asset of its own carries. */
export interface Selector {
  readonly scope: string
  readonly labels: Labels
}

/**
 * Where an asset belongs. One that was made in a scope stays there. One of the shared scope goes to the scope all of
 * whose labels it carries; if several match, to the one that asks for most, then to the first by name.
 */
export function placeOf(home: string, labels: Labels, selectors: readonly Selector[]): string {
  if (home !== DEFAULT_SCOPE) return home
  let best: Selector | undefined
  for (const one of selectors) {
    if (!holdsAll(labels, one.labels)) continue
    if (best === undefined || weight(one) > weight(best) || (weight(one) === weight(best) && one.scope < best.scope)) best = one
  }
  return best?.scope ?? DEFAULT_SCOPE
}

/** A selector without labels asks for nothing, and gets nothing. */
function holdsAll(labels: Labels, asked: Labels): boolean {
  const wanted = Object.entries(asked)
  return wanted.length > 0 && wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)
}

function weight({ labels }: Selector): number {
  return Object.keys(labels).length
}
