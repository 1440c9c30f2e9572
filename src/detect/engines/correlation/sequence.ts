import type { Aggregate } from './aggregate.ts'
import type { Item } from './item.ts'

/** Holds when enough different rules matched within the window; `test` gets the bits of those that did. */
export function anyOrder(stages: number, test: (present: number) => boolean): Aggregate {
  const latest: (Item | undefined)[] = new Array(stages).fill(undefined)
  const present = (): number => latest.reduce((mask, item, stage) => (item === undefined ? mask : mask | (1 << stage)), 0)
  return {
    ordered: true,
    add: (item) => {
      for (let stage = 0; stage < stages; stage++) if (item.stages & (1 << stage)) latest[stage] = item
    },
    remove: (item) => {
      for (let stage = 0; stage < stages; stage++) if (latest[stage] === item) latest[stage] = undefined
    },
    clear: () => {
      latest.fill(undefined)
    },
    holds: () => test(present()),
    figure: () => bitCount(present()),
    evidence: (window) => {
      const chosen = new Set(latest)
      return window.filter((item) => chosen.has(item))
    },
  }
}

interface Link {
  readonly item: Item
  readonly previous: Link | undefined
  readonly first: Item
}

/**
 * Holds when the stages of one of the `chains` occurred one after another, each by a later item, within the window.
 * For each prefix of a chain only the occurrence that starts latest is kept: when that one has left the window, all have.
 */
export function inOrder(chains: readonly (readonly number[])[]): Aggregate {
  const prefixes: (Link | undefined)[][] = chains.map((chain) => new Array(chain.length).fill(undefined))
  const complete = (): Item[] => {
    const items: Item[] = []
    for (let link = prefixes.map((prefix) => prefix.at(-1)).find((last) => last !== undefined); link; link = link.previous)
      items.push(link.item)
    return items.reverse()
  }
  return {
    ordered: true,
    add: (item) => {
      for (const [number, chain] of chains.entries()) extend(prefixes[number] ?? [], chain, item)
    },
    remove: (item) => {
      for (const prefix of prefixes)
        for (let place = 0; place < prefix.length; place++) if (prefix[place]?.first === item) prefix[place] = undefined
    },
    clear: () => {
      for (const prefix of prefixes) prefix.fill(undefined)
    },
    holds: () => prefixes.some((prefix) => prefix.at(-1) !== undefined),
    figure: () => complete().length,
    evidence: complete,
  }
}

/** From the last place to the first, so that one item takes one place of an occurrence. */
function extend(prefix: (Link | undefined)[], chain: readonly number[], item: Item): void {
  for (let place = chain.length - 1; place >= 0; place--) {
    if (!(item.stages & (1 << (chain[place] ?? 0)))) continue
    const previous = prefix[place - 1]
    if (place === 0) prefix[0] = { item, previous: undefined, first: item }
    else if (previous !== undefined) prefix[place] = { item, previous, first: previous.first }
  }
}

export function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}
