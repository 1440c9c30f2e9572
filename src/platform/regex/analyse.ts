import type { RegexNode } from './ast.ts'
import { type CharSet, intersects } from './char-set.ts'

/**
 * How long a backtracking engine may take on a text of n units: about `factor × n^degree` steps, or exponentially long.
 * The verdict errs on the slow side: a safe pattern may be called unsafe, never the other way round.
 */
export interface BacktrackingCost {
  readonly exponential: boolean
  readonly degree: number
  readonly factor: number
}

/** Positions beyond this are not analysed: the pattern is called exponential. */
const MOST_POSITIONS = 400
/** Bounded repetitions up to this are written out, longer ones taken for unbounded. */
const MOST_COPIES = 12

/** More ways than this through the parts without loops are called exponential. */
const MOST_WAYS = 1e5

/** A product of widths above this is worth a closer look. */
const MOST_SIMPLE_WAYS = 256

const UNSAFE: BacktrackingCost = { exponential: true, degree: 0, factor: 1 }

/**
 * Analyses the position automaton of Glushkov (1961) with the multiplicity of each transition. A backtracking matcher is exponential
 * when some position can be left and reached again by two different ways that read the same text (the criterion EDA of Allauzen, Mohri
 * and Rastogi, "General Algorithms for Testing the Ambiguity of Finite Automata", 2008); otherwise the number of ways is bounded by a polynomial
 * whose degree is at most the number of loops that can follow one another. The unanchored search adds one.
 */
export function backtrackingCost(node: RegexNode): BacktrackingCost {
  const simple = costOfSimple(node)
  if (simple !== undefined) return { ...simple, degree: simple.degree + (startsAnchored(node) ? 0 : 1) }
  const automaton = new Glushkov()
  const whole = automaton.build(node)
  if (whole === undefined) return UNSAFE
  const component = components(automaton.follow)
  if (isExponential(automaton, component)) return UNSAFE
  const anchored = startsAnchored(node)
  const factor = parallelWays(automaton, component, whole.first)
  if (factor > MOST_WAYS) return UNSAFE
  return { exponential: false, degree: longestChain(automaton, component, whole.first) + (anchored ? 0 : 1), factor }
}

/**
 * The same for an expression in which only single characters are repeated: no loop holds another, so no automaton is needed to see that
 * the ways multiply by one for each loop and by the width of each choice.
 */
function costOfSimple(node: RegexNode): BacktrackingCost | undefined {
  let degree = 0
  let factor = 1
  const visit = (each: RegexNode): boolean => {
    switch (each.kind) {
      case 'set':
      case 'assertion':
        return true
      case 'look':
        return false
      case 'sequence':
        return each.items.every(visit)
      case 'choice':
        factor *= each.items.length
        return each.items.every(visit)
      case 'group':
        return visit(each.item)
      case 'repeat':
        if (each.item.kind !== 'set') return false
        if (each.max > MOST_COPIES) degree += each.max === each.min ? 0 : 1
        else factor *= each.max - each.min + 1
        return true
    }
  }
  return visit(node) && factor <= MOST_SIMPLE_WAYS ? { exponential: false, degree, factor } : undefined
}

/** Position → number of ways (one, or "more than one"). */
type Ways = Map<number, number>

interface Fragment {
  readonly first: Ways
  readonly last: Ways
  /** Ways to match the empty text: 0, 1 or more. */
  readonly empty: number
}

class Glushkov {
  readonly sets: CharSet[] = []
  readonly follow: Ways[] = []

  build(node: RegexNode): Fragment | undefined {
    if (this.sets.length > MOST_POSITIONS) return undefined
    switch (node.kind) {
      case 'set':
        return this.#position(node.set)
      case 'assertion':
        return { first: new Map(), last: new Map(), empty: 1 }
      case 'group':
        return this.build(node.item)
      case 'look':
        return this.#look(node)
      case 'sequence':
        return this.#sequence(node.items)
      case 'choice':
        return this.#choice(node.items)
      case 'repeat':
        return this.#repeat(node)
    }
  }

  #position(set: CharSet): Fragment {
    const at = this.sets.length
    this.sets.push(set)
    this.follow.push(new Map())
    return { first: new Map([[at, 1]]), last: new Map([[at, 1]]), empty: 0 }
  }

  /** A look-around is matched where it stands and then left: its loops count, what follows does not depend on them. */
  #look(node: Extract<RegexNode, { kind: 'look' }>): Fragment | undefined {
    const inner = this.build(node.item)
    return inner === undefined ? undefined : { first: inner.first, last: new Map(), empty: 1 }
  }

  #sequence(items: readonly RegexNode[]): Fragment | undefined {
    let whole: Fragment = { first: new Map(), last: new Map(), empty: 1 }
    for (const item of items) {
      const next = this.build(item)
      if (next === undefined) return undefined
      whole = this.#concatenate(whole, next)
    }
    return whole
  }

  #concatenate(before: Fragment, after: Fragment): Fragment {
    this.#link(before.last, after.first)
    return {
      first: added(before.first, scaled(after.first, before.empty)),
      last: added(after.last, scaled(before.last, after.empty)),
      empty: Math.min(2, before.empty * after.empty),
    }
  }

  #choice(items: readonly RegexNode[]): Fragment | undefined {
    let whole: Fragment = { first: new Map(), last: new Map(), empty: 0 }
    for (const item of items) {
      const next = this.build(item)
      if (next === undefined) return undefined
      whole = {
        first: added(whole.first, next.first),
        last: added(whole.last, next.last),
        empty: Math.min(2, whole.empty + next.empty),
      }
    }
    return whole
  }

  #repeat(node: Extract<RegexNode, { kind: 'repeat' }>): Fragment | undefined {
    const { item, min, max } = node
    if (max === 0) return { first: new Map(), last: new Map(), empty: 1 }
    if (max > MOST_COPIES) {
      const loop = this.#loop(item)
      if (loop === undefined) return undefined
      return min === 0 ? { ...loop, empty: Math.min(2, loop.empty + 1) } : loop
    }
    let whole: Fragment = { first: new Map(), last: new Map(), empty: 1 }
    // x{1,3} is x(x(x)?)?: copies nest, so that stopping early is one way, not several.
    let tail: Fragment | undefined
    for (let copy = max; copy > 0; copy -= 1) {
      const one = this.build(item)
      if (one === undefined) return undefined
      const joined: Fragment = tail === undefined ? one : this.#concatenate(one, tail)
      tail = copy > min ? { ...joined, empty: Math.min(2, joined.empty + 1) } : joined
    }
    whole = tail ?? whole
    return whole
  }

  #loop(item: RegexNode): Fragment | undefined {
    const inner = this.build(item)
    if (inner === undefined) return undefined
    this.#link(inner.last, inner.first)
    return inner
  }

  #link(from: Ways, to: Ways): void {
    for (const [position, ways] of from) {
      const follow = this.follow[position]!
      for (const [next, more] of to) follow.set(next, Math.min(2, (follow.get(next) ?? 0) + ways * more))
    }
  }
}

function added(one: Ways, other: Ways): Ways {
  const sum = new Map(one)
  for (const [position, ways] of other) sum.set(position, Math.min(2, (sum.get(position) ?? 0) + ways))
  return sum
}

function scaled(ways: Ways, by: number): Ways {
  return by === 0 ? new Map() : new Map([...ways].map(([position, each]) => [position, Math.min(2, each * by)]))
}

/** Number of the strongly connected component of each position; -1 for a position on no cycle. (Tarjan 1972, iterative.) */
function components(follow: readonly Ways[]): Int32Array {
  const edges = follow.map((ways) => [...ways.keys()])
  const index = new Int32Array(follow.length).fill(-1)
  const low = new Int32Array(follow.length)
  const component = new Int32Array(follow.length).fill(-1)
  const open: number[] = []
  const isOpen = new Uint8Array(follow.length)
  let counter = 0
  let count = 0
  for (let root = 0; root < follow.length; root += 1) {
    if (index[root] !== -1) continue
    const work: { node: number; edge: number }[] = [{ node: root, edge: 0 }]
    while (work.length > 0) {
      const frame = work.at(-1)!
      const { node } = frame
      if (frame.edge === 0) {
        index[node] = counter
        low[node] = counter
        counter += 1
        open.push(node)
        isOpen[node] = 1
      }
      const next = edges[node]![frame.edge]
      frame.edge += 1
      if (next !== undefined) {
        if (index[next] === -1) work.push({ node: next, edge: 0 })
        else if (isOpen[next] === 1) low[node] = Math.min(low[node]!, index[next]!)
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent !== undefined) low[parent.node] = Math.min(low[parent.node]!, low[node]!)
      if (low[node] === index[node]) {
        const members: number[] = []
        let member: number
        do {
          member = open.pop()!
          isOpen[member] = 0
          members.push(member)
        } while (member !== node)
        const isCycle = members.length > 1 || edges[node]!.includes(node)
        if (isCycle) {
          for (const each of members) component[each] = count
          count += 1
        }
      }
    }
  }
  return component
}

/**
 * EDA: inside one component, two different paths from q back to q over the same text. Two paths part at a position whose followers overlap, or
 * run twice over one transition; they are then followed in pairs until they meet where they parted.
 */
function isExponential(automaton: Glushkov, component: Int32Array): boolean {
  const { follow, sets } = automaton
  const size = follow.length
  for (let position = 0; position < size; position += 1) {
    const own = component[position]!
    if (own < 0) continue
    const inside = [...follow[position]!].filter(([next]) => component[next] === own)
    if (inside.some(([, ways]) => ways > 1)) return true
    const seen = new Set<number>()
    const queue: number[] = []
    const push = (one: number, two: number) => {
      const pair = one * size + two
      if (seen.has(pair)) return
      seen.add(pair)
      queue.push(pair)
    }
    for (const [one] of inside) for (const [two] of inside) if (one < two && intersects(sets[one]!, sets[two]!)) push(one, two)
    while (queue.length > 0) {
      const pair = queue.pop()!
      const one = Math.floor(pair / size)
      const two = pair % size
      // Both paths stand at a common position again, which leads back to where they parted: all are of one component.
      if (one === two) return true
      for (const [next] of follow[one]!) {
        if (component[next] !== own) continue
        for (const [other] of follow[two]!)
          if (component[other] === own && intersects(sets[next]!, sets[other]!)) push(next, other)
      }
    }
  }
  return false
}

/** The most loops that one way through the automaton can pass. */
function longestChain(automaton: Glushkov, component: Int32Array, first: Ways): number {
  const memo = new Map<number, number>()
  const enter = (position: number): number => {
    const own = component[position]!
    const key = own >= 0 ? own : -2 - position
    const known = memo.get(key)
    if (known !== undefined) return known
    memo.set(key, 0)
    const members = own >= 0 ? [...component.keys()].filter((each) => component[each] === own) : [position]
    let longest = 0
    for (const member of members) {
      for (const next of automaton.follow[member]!.keys())
        if (own < 0 || component[next] !== own) longest = Math.max(longest, enter(next))
    }
    const total = longest + (own >= 0 ? 1 : 0)
    memo.set(key, total)
    return total
  }
  return Math.max(0, ...[...first.keys()].map(enter))
}

/**
 * A bound on the ways through the automaton outside of its loops: at each position the character is chosen that leaves the most ways
 * open. `(a|a){12}` has 4,096.
 */
function parallelWays(automaton: Glushkov, component: Int32Array, first: Ways): number {
  const memo = new Map<number, number>()
  const after = (position: number): number => {
    const own = component[position]!
    const key = own >= 0 ? own : -2 - position
    const known = memo.get(key)
    if (known !== undefined) return known
    memo.set(key, 1)
    const members = own >= 0 ? [...component.keys()].filter((each) => component[each] === own) : [position]
    const onward = members.map(
      (member) => new Map([...automaton.follow[member]!].filter(([next]) => own < 0 || component[next] !== own)),
    )
    const total = Math.max(
      1,
      onward.reduce((sum, ways) => Math.min(MOST_WAYS * 2, sum + widest(automaton.sets, ways, after)), 0),
    )
    memo.set(key, total)
    return total
  }
  return Math.max(1, widest(automaton.sets, first, after))
}

/** The most ways that one character leaves among some next positions. */
function widest(sets: readonly CharSet[], next: Ways, after: (position: number) => number): number {
  let most = 0
  const candidates = new Set([...next.keys()].flatMap((position) => sets[position]!.filter((_, index) => index % 2 === 0)))
  for (const unit of candidates) {
    let sum = 0
    for (const [position, ways] of next) if (intersects(sets[position]!, [unit, unit])) sum += ways * after(position)
    most = Math.max(most, Math.min(MOST_WAYS * 2, sum))
  }
  return most
}

/** True when the match can only begin at the beginning of the text. */
function startsAnchored(node: RegexNode): boolean {
  if (node.kind === 'assertion') return node.what === 'start'
  if (node.kind === 'choice') return node.items.every(startsAnchored)
  if (node.kind === 'group') return startsAnchored(node.item)
  return node.kind === 'sequence' && node.items.length > 0 && startsAnchored(node.items[0]!)
}
