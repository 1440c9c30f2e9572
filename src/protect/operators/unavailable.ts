import { KanpekiError } from '../../kernel/error.ts'
import type { Operator } from './operator.ts'

/** Operators that are known and refused, each with its reason: a rule that needs one must not seem to protect. */
const REASONS: Readonly<Record<string, string>> = {
  geoLookup: 'places of addresses need a data base that is not shipped',
  rbl: 'a block list by DNS would ask a stranger about each client',
  gsbLookup: 'the list of Google Safe Browsing that it reads is no longer published',
  inspectFile: 'it would start a program for each upload; uploads are scanned by YARA rules instead',
  fuzzyHash: 'it needs a data base of ssdeep hashes',
  rsub: 'it changes bodies on their way, which is not done here',
  validateDTD: 'document type definitions are never read',
  validateHash: 'it needs the hash engine of ModSecurity 2, which rewrites pages',
  validateSchema: 'XML Schema is not checked; declare the interface by OpenAPI instead',
}

export const unavailable: Readonly<Record<string, Operator>> = Object.fromEntries(
  Object.entries(REASONS).map(([id, reason]) => [
    id.toLowerCase(),
    {
      id,
      compile: () => {
        throw new KanpekiError('operator-unavailable', `@${id} cannot be had: ${reason}.`, { remedy: 'Leave the rule out.' })
      },
    } satisfies Operator,
  ]),
)
