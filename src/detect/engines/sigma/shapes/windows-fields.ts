import type { JsonValue } from '../../../../kernel/json.ts'

/** A name of the stored event that stands for a rule's field. */
export interface FieldAlias {
  readonly name: string
  /** `read` gives another field of the same event's data. */
  readonly convert?: (value: JsonValue, read: ReadData) => JsonValue | undefined
}

type ReadData = (name: string) => JsonValue | undefined

const named = (...names: string[]): readonly FieldAlias[] => names.map((name) => ({ name }))

const INTEGRITY_OF_LABEL: ReadonlyMap<string, string> = new Map([
  ['S-1-16-0', 'Untrusted'],
  ['S-1-16-4096', 'Low'],
  ['S-1-16-8192', 'Medium'],
  ['S-1-16-8448', 'Medium'],
  ['S-1-16-12288', 'High'],
  ['S-1-16-16384', 'System'],
])

function integrityOf(value: JsonValue): JsonValue {
  return (typeof value === 'string' ? INTEGRITY_OF_LABEL.get(value) : undefined) ?? value
}

/** `\REGISTRY\MACHINE\…` plus the value's name, as Sysmon writes it. */
function registryPath(value: JsonValue, read: ReadData): JsonValue {
  if (typeof value !== 'string') return value
  const key = value.replace(/^\\REGISTRY\\MACHINE/i, 'HKLM').replace(/^\\REGISTRY\\USER/i, 'HKU')
  const name = read('ObjectValueName')
  return typeof name === 'string' && name !== '' && name !== '-' ? `${key}\\${name}` : key
}

function accountOf(value: JsonValue, read: ReadData): JsonValue {
  const domain = read('SubjectDomainName')
  return typeof value === 'string' && typeof domain === 'string' && domain !== '' && domain !== '-'
    ? `${domain}\\${value}`
    : value
}

/**
 * What a category's field is called in an event that is not Sysmon's: `channel/id` (lower case) → field → names.
 * The field's own name is tried last.
 */
export const ALIASES_OF_EVENT: ReadonlyMap<string, ReadonlyMap<string, readonly FieldAlias[]>> = new Map([
  [
    'security/4688',
    new Map<string, readonly FieldAlias[]>([
      ['Image', named('NewProcessName')],
      ['ParentImage', named('ParentProcessName')],
      ['ProcessId', named('NewProcessId')],
      ['ParentProcessId', named('ProcessId')],
      ['CommandLine', named('CommandLine', 'ProcessCommandLine')],
      ['LogonId', named('SubjectLogonId')],
      ['User', [{ name: 'SubjectUserName', convert: accountOf }]],
      ['IntegrityLevel', [{ name: 'MandatoryLabel', convert: integrityOf }]],
    ]),
  ],
  [
    'security/4657',
    new Map<string, readonly FieldAlias[]>([
      ['TargetObject', [{ name: 'ObjectName', convert: registryPath }]],
      ['Details', named('NewValue')],
      ['Image', named('ProcessName')],
      ['User', [{ name: 'SubjectUserName', convert: accountOf }]],
    ]),
  ],
])

/** Aliases of a whole category, e.g. the product-free `antivirus` read from Microsoft Defender's events. */
export const ALIASES_OF_CATEGORY: ReadonlyMap<string, ReadonlyMap<string, readonly FieldAlias[]>> = new Map([
  [
    'antivirus',
    new Map<string, readonly FieldAlias[]>([
      ['Signature', named('Threat Name', 'ThreatName')],
      ['Filename', named('Path')],
    ]),
  ],
])

/**
 * Other spellings of an event data field. Sigma strips the spaces ("New Value" → NewValue); some shippers keep them and
 * some write an underscore.
 */
export function spellings(field: string): readonly string[] {
  let known = SPELLINGS.get(field)
  if (known === undefined) {
    known = makeSpellings(field)
    SPELLINGS.set(field, known)
  }
  return known
}

/** Fields come from rules, so there are as many as the rules name. */
const SPELLINGS = new Map<string, readonly string[]>()

function makeSpellings(field: string): readonly string[] {
  const spaced = field.replace(/([a-z])([A-Z])/g, '$1 $2')
  const underscored = field.replaceAll('_', ' ')
  return [...new Set([field, spaced, spaced.replaceAll(' ', '_'), underscored])]
}
