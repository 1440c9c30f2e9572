import { KanpekiError } from '../../kernel/error.ts'

export type BomFormat = 'CycloneDX' | 'SPDX'

/** One thing that is installed, as a bill of materials lists it. */
export interface Component {
  readonly name: string
  readonly version: string | null
  /** As written; null where none is given, so that it can be matched by nothing but its name. */
  readonly purl: string | null
  readonly cpe: string | null
  /** The kind as the format calls it: library, application, operating-system, … */
  readonly type: string
  /** What the document calls it; null where it gives no name. */
  readonly ref: string | null
  /** The source package it was built from, where the bill says so beside the package URL; version as its package manager writes it. */
  readonly source?: { readonly name: string; readonly version: string }
}

/** A component as a bill of ours lists it. */
export type Listed = Pick<Component, 'name' | 'version' | 'purl'>

export interface Bom {
  readonly format: BomFormat
  readonly version: string
  /** What the document describes, where it says so. */
  readonly subject: string | null
  readonly components: readonly Component[]
}

/** Why a document was refused: the first fault, with its place, and how many there are. */
export function refusedBom(file: string, format: string, faults: readonly string[]): KanpekiError {
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
  return new KanpekiError('sbom_invalid', `${file} is no valid ${format}: ${faults[0] ?? 'it has another form'}${more}.`, {
    place: { file },
    remedy: 'Have its maker write it again; nothing of it was taken over.',
  })
}
