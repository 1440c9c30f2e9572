import { FOLDED_UNITS } from '../text/fold.ts'
import type { RegexNode } from './ast.ts'
import type { CharSet } from './char-set.ts'
import { parseRegex, type RegexSource } from './parse.ts'

/** Folded texts of which every match holds at least one, or undefined when there is no such set worth its while. */
export type RequiredLiterals = readonly string[] | undefined

const SHORTEST = 2
/** Characters rare enough to look for alone. */
const RARE = /^[`^~{}|<>$#@&*!?]$/
const MOST = 64

/** What must occur, folded, in every text that the expression matches: a cheap test before the engine runs, and an anchor. */
export function requiredLiterals(node: RegexNode): RequiredLiterals {
  const found = best(node)
  return found !== undefined && isUseful(found) ? found : undefined
}

/** The same for each part of an expression that stands after another: of each set a text must hold one. */
export function allRequiredLiterals(node: RegexNode): readonly (readonly string[])[] {
  return literalsOfSequence(flatten([node])).filter(isUseful)
}

function isUseful(texts: readonly string[]): boolean {
  return texts.every((text) => text.length >= SHORTEST || RARE.test(text))
}

interface Known {
  readonly literals: RequiredLiterals
  readonly all: readonly (readonly string[])[]
}

const NOTHING_KNOWN: Known = { literals: undefined, all: [] }
const ofTest = new WeakMap<RegexSource, Known>()

function knownOf(test: RegexSource): Known {
  let known = ofTest.get(test)
  if (known === undefined) {
    const parsed = parseRegex(test)
    known = 'fault' in parsed ? NOTHING_KNOWN : { literals: requiredLiterals(parsed.node), all: allRequiredLiterals(parsed.node) }
    ofTest.set(test, known)
  }
  return known
}

/** `requiredLiterals` of a rule's test, worked out once. */
export function regexLiterals(test: RegexSource): RequiredLiterals {
  return knownOf(test).literals
}

/** `allRequiredLiterals` of a rule's test, worked out once. */
export function allRegexLiterals(test: RegexSource): readonly (readonly string[])[] {
  return knownOf(test).all
}

/** The single folded character of a set, when all its members fold to it. */
function soleCharacter(set: CharSet): string | undefined {
  if (set.length === 0 || set.length > 6) return undefined
  const sole = FOLDED_UNITS[set[0]!]!
  // Surrogate pairs fold together, not unit by unit.
  if (sole >= 0xd800 && sole <= 0xdfff) return undefined
  for (let at = 0; at < set.length; at += 2) {
    if (set[at + 1]! - set[at]! > 2) return undefined
    for (let unit = set[at]!; unit <= set[at + 1]!; unit += 1) if (FOLDED_UNITS[unit] !== sole) return undefined
  }
  return String.fromCharCode(sole)
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length))
}

function better(one: RequiredLiterals, other: RequiredLiterals): RequiredLiterals {
  if (one === undefined || other === undefined) return one ?? other
  const lengths = shortest(one) - shortest(other)
  return lengths > 0 || (lengths === 0 && one.length <= other.length) ? one : other
}

function best(node: RegexNode): RequiredLiterals {
  switch (node.kind) {
    case 'set': {
      const character = soleCharacter(node.set)
      return character === undefined ? undefined : [character]
    }
    case 'choice': {
      const all = node.items.map(best)
      if (all.some((each) => each === undefined)) return undefined
      const texts = [...new Set(all.flatMap((each) => each!))]
      return texts.length > MOST ? undefined : texts
    }
    case 'repeat':
      return node.min > 0 ? best(node.item) : undefined
    case 'group':
      return best(node.item)
    case 'sequence':
      return bestOfSequence(node.items)
    default:
      return undefined
  }
}

function bestOfSequence(items: readonly RegexNode[]): RequiredLiterals {
  return literalsOfSequence(flatten(items)).reduce<RequiredLiterals>(better, undefined)
}

/** Neighbouring characters make one text; assertions stand between characters and take no room. */
function literalsOfSequence(items: readonly RegexNode[]): (readonly string[])[] {
  const found: (readonly string[])[] = []
  let run = ''
  const endRun = () => {
    if (run !== '') found.push([run])
    run = ''
  }
  for (const item of items) {
    if (item.kind === 'assertion' || item.kind === 'look') continue
    const character = item.kind === 'set' ? soleCharacter(item.set) : undefined
    if (character !== undefined) {
      run += character
      continue
    }
    endRun()
    const each = best(item)
    if (each !== undefined) found.push(each)
  }
  endRun()
  return found
}

/** Sequences inside sequences, and exact repetitions of one character (`a{3}`), written out. */
function flatten(items: readonly RegexNode[]): RegexNode[] {
  return items.flatMap((item) => {
    if (item.kind === 'group' && item.item.kind !== 'choice') return flatten([item.item])
    if (item.kind === 'sequence') return flatten(item.items)
    if (item.kind === 'repeat' && item.item.kind === 'set' && item.min > 0 && item.min <= 16) {
      const copies = new Array<RegexNode>(item.min).fill(item.item)
      return item.min === item.max ? copies : [...copies, { ...item, min: 0 }]
    }
    return [item]
  })
}
