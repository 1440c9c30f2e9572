import { readCsaf } from './csaf.ts'
import { readCycloneDxVex } from './cyclonedx-vex.ts'
import { readOpenVex } from './openvex.ts'
import type { VexStatement } from './statement.ts'

export interface VexDocument {
  readonly format: 'OpenVEX' | 'CSAF' | 'CycloneDX'
  readonly statements: readonly VexStatement[]
}

/** Reads OpenVEX, CSAF or CycloneDX, told by looking. @throws KanpekiError `vex_invalid` with the first fault. */
export function readVex(value: unknown, file: string): VexDocument {
  const keys = typeof value === 'object' && value !== null ? value : {}
  if ('bomFormat' in keys) return { format: 'CycloneDX', statements: readCycloneDxVex(value, file) }
  if ('document' in keys) return { format: 'CSAF', statements: readCsaf(value, file) }
  return { format: 'OpenVEX', statements: readOpenVex(value, file) }
}
