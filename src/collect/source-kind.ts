import { KanpekiError } from '../kernel/error.ts'
import { SOURCE_KINDS, type SourceKind, sourceId } from './schema.ts'

/**
 * Ids that are not of a kind that people set up, and what they count as. No sender can give itself one of them: agents are
 * known by their certificates, and `kanpeki:` is what we say about ourselves, of which nothing is expected.
 */
const OTHER_IDS: readonly (readonly [prefix: string, kind: SourceKind])[] = [
  ['agent:', 'http'],
  ['kanpeki:', 'import'],
]

const known = new Map<string, SourceKind>()
const REMEMBERED = 10_000

/**
 * The kind that a source id names. Asked of every submission before anything is stored: what has no kind could not be
 * counted later, and its batch would be tried again for ever.
 * @throws KanpekiError `bad_source`.
 */
export function kindOf(id: string): SourceKind {
  const before = known.get(id)
  if (before !== undefined) return before
  const kind = sourceId.safeParse(id).success
    ? (OTHER_IDS.find(([prefix]) => id.startsWith(prefix))?.[1] ??
      SOURCE_KINDS.find((name) => id === name || id.startsWith(`${name}:`)))
    : undefined
  if (kind === undefined) {
    throw new KanpekiError('bad_source', `The source id ${JSON.stringify(id.slice(0, 100))} names no kind of source.`, {
      remedy: `Ids are KIND or KIND:NAME in lower case; kinds are ${SOURCE_KINDS.join(', ')}.`,
    })
  }
  if (known.size < REMEMBERED) known.set(id, kind)
  return kind
}
