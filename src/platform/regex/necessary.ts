import type { RegexNode } from './ast.ts'

/** A loop over a set of at least this many bytes keeps an automaton in many states at once. */
const WIDE = 48
/** Bits that a part must tell for it to stand for the whole: three or four particular characters. */
const TELLING = 20

/**
 * A part of the expression that occurs wherever the expression does and keeps a lazy automaton small: of the pieces between loops over
 * wide sets the one that tells the most, or the expression itself where none tells enough.
 */
export function necessaryPart(node: RegexNode): RegexNode {
  return partOf(node)?.node ?? node
}

interface Part {
  readonly node: RegexNode
  readonly bits: number
}

function partOf(node: RegexNode): Part | undefined {
  if (node.kind === 'group') return partOf(node.item)
  if (!holdsWideLoop(node)) {
    const bits = bitsOf(node)
    return bits >= TELLING ? { node, bits } : undefined
  }
  if (node.kind === 'choice') {
    const parts = node.items.map(partOf)
    if (parts.some((part) => part === undefined)) return undefined
    return {
      node: { kind: 'choice', items: parts.map((part) => part!.node) },
      bits: Math.min(...parts.map((part) => part!.bits)),
    }
  }
  if (node.kind === 'repeat') return node.min > 0 ? partOf(node.item) : undefined
  return node.kind === 'sequence' ? bestPiece(node.items) : undefined
}

function bestPiece(items: readonly RegexNode[]): Part | undefined {
  const candidates: (Part | undefined)[] = []
  let piece: RegexNode[] = []
  const end = () => {
    if (piece.length > 0) candidates.push(partOf({ kind: 'sequence', items: piece }))
    piece = []
  }
  for (const item of items) {
    if (!holdsWideLoop(item)) piece.push(item)
    else {
      end()
      candidates.push(partOf(item))
    }
  }
  end()
  return candidates.reduce((best, each) => (each !== undefined && each.bits > (best?.bits ?? 0) ? each : best), undefined)
}

function sizeOf(set: readonly number[]): number {
  let size = 0
  for (let at = 0; at < set.length; at += 2) size += Math.max(0, Math.min(255, set[at + 1]!) - set[at]! + 1)
  return size
}

function holdsWideLoop(node: RegexNode): boolean {
  switch (node.kind) {
    case 'sequence':
    case 'choice':
      return node.items.some(holdsWideLoop)
    case 'group':
      return holdsWideLoop(node.item)
    case 'repeat':
      return (node.max > 8 && widest(node.item) >= WIDE) || holdsWideLoop(node.item)
    default:
      return false
  }
}

function widest(node: RegexNode): number {
  switch (node.kind) {
    case 'set':
      return sizeOf(node.set)
    case 'sequence':
    case 'choice':
      return Math.max(0, ...node.items.map(widest))
    case 'group':
    case 'repeat':
      return widest(node.item)
    default:
      return 0
  }
}

/** How much the rarest text of the expression tells, in bits: eight for each particular byte. */
function bitsOf(node: RegexNode): number {
  switch (node.kind) {
    case 'set':
      return Math.max(0, 8 - Math.log2(Math.max(1, sizeOf(node.set))))
    case 'sequence':
      return node.items.reduce((sum, item) => sum + bitsOf(item), 0)
    case 'choice':
      return Math.min(...node.items.map(bitsOf))
    case 'group':
      return bitsOf(node.item)
    case 'repeat':
      return node.min * bitsOf(node.item)
    case 'assertion':
      return node.what === 'start' || node.what === 'last' ? 8 : 0
    case 'look':
      return 0
  }
}
