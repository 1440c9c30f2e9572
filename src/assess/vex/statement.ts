import { KanpekiError } from '../../kernel/error.ts'
import type { Justification } from '../work/schema.ts'

export const VEX_STATUSES = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const
export type VexStatus = (typeof VEX_STATUSES)[number]

/** Somebody's word on whether a vulnerability concerns a product. */
export interface VexStatement {
  readonly names: readonly string[]
  /** Package URLs of products and their parts; without a version every one is meant. */
  readonly purls: readonly string[]
  readonly status: VexStatus
  readonly why: string
  readonly by: string
  /** Milliseconds UTC. */
  readonly at: number
}

/** What a statement may speak of: a vulnerability by all its names, and a package URL, or what a finding stands at. */
export interface Stated {
  readonly names: ReadonlySet<string>
  readonly purl: string
}

/** The latest statement that speaks of it; undefined where none does. */
export function latestOn<S extends VexStatement>({ names, purl }: Stated, statements: readonly S[]): S | undefined {
  return statements
    .filter((one) => one.names.some((name) => names.has(name)) && one.purls.some((stated) => covers(stated, purl)))
    .toSorted((a, b) => b.at - a.at)[0]
}

/** `pkg:npm/a` is about every version, `pkg:npm/a@1` about that one; qualifiers that are not stated do not matter. */
function covers(stated: string, purl: string): boolean {
  if (!stated.startsWith('pkg:')) return stated === purl
  const [path, qualifiers = ''] = purl.split('#')[0]!.split('?')
  const [wanted, wantedQualifiers = ''] = stated.split('#')[0]!.split('?')
  const same = path === wanted || path!.replace(/@[^@/]*$/, '') === wanted
  const own = new Set(qualifiers.split('&'))
  return same && wantedQualifiers.split('&').every((one) => one === '' || own.has(one))
}

/** Whether a statement takes a finding off the list: it is counted still. */
export function silences({ status }: Pick<VexStatement, 'status'>): boolean {
  return status === 'not_affected' || status === 'fixed'
}

/** What one's own document says of one vulnerability of one package. */
export interface OwnStatement {
  readonly id: string
  readonly aliases: readonly string[]
  readonly purl: string
  readonly status: VexStatus
  readonly justification: Justification | null
  /** Why it is not affected, or what is done about it. */
  readonly text: string
}

/** @throws KanpekiError `vex_invalid`. */
export function refuseVex(file: string, format: string, reason: string): never {
  throw new KanpekiError('vex_invalid', `${file} is no valid ${format}: ${reason}.`, {
    place: { file },
    remedy: 'Correct it; none of its statements was taken.',
  })
}
