import { isJsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { FalcoFault } from '../fault.ts'
import { type Exception, exceptionsOf, mergeExceptions } from './exceptions.ts'
import { type Item, textOf, textsOf } from './items.ts'

/** A rule as all files together say it, before macros and lists are written out. */
export interface RawRule {
  readonly name: string
  readonly item: Item
  readonly source: string
  readonly condition: string
  readonly output: string
  readonly desc: string
  readonly priority: string
  readonly tags: readonly string[]
  readonly enabled: boolean
  readonly exceptions: readonly Exception[]
}

export interface RawMacro {
  readonly item: Item
  readonly condition: string
}

export interface RawList {
  readonly item: Item
  readonly items: readonly string[]
}

/** What a set of files holds after appending and overriding, by name. */
export interface Merged {
  readonly rules: Map<string, RawRule>
  readonly macros: Map<string, RawMacro>
  readonly lists: Map<string, RawList>
}

type How = 'append' | 'replace'
const APPENDABLE: Readonly<Record<string, readonly string[]>> = {
  rule: ['condition', 'output', 'desc', 'tags', 'exceptions'],
  macro: ['condition'],
  list: ['items'],
}
const REPLACEABLE: Readonly<Record<string, readonly string[]>> = {
  rule: [
    'condition',
    'output',
    'desc',
    'tags',
    'exceptions',
    'priority',
    'enabled',
    'warn_evttypes',
    'skip-if-unknown-filter',
    'capture',
  ],
  macro: ['condition'],
  list: ['items'],
}

/** Takes one item after the other, in the order of the files. Throws FalcoFault; what was merged before stays. */
export function mergeItem(merged: Merged, item: Item): void {
  const overriding = overridingOf(item)
  switch (item.kind) {
    case 'list':
      mergeList(merged, item, overriding)
      return
    case 'macro':
      mergeMacro(merged, item, overriding)
      return
    case 'rule':
      mergeRule(merged, item, overriding)
      return
    default:
  }
}

/** Which keys an item appends to or replaces in an earlier one; undefined where it stands for itself. */
function overridingOf(item: Item): ReadonlyMap<string, How> | undefined {
  const { override, append } = item.fields
  const appendable = APPENDABLE[item.kind] ?? []
  if (override !== undefined && override !== null) {
    if (append === true) throw new FalcoFault('override-syntax', "'append' and 'override' exclude each other", 'override')
    if (!isJsonObject(override)) throw new FalcoFault('override-syntax', "'override' must be a map", 'override')
    const found = new Map<string, How>()
    for (const [key, how] of Object.entries(override)) {
      const allowed = how === 'append' ? appendable : how === 'replace' ? (REPLACEABLE[item.kind] ?? []) : undefined
      if (allowed === undefined) throw new FalcoFault('override-syntax', `'${key}' must be 'append' or 'replace'`, 'override')
      if (!allowed.includes(key))
        throw new FalcoFault('override-syntax', `'${key}' cannot be used with ${String(how)}`, 'override')
      if (item.fields[key] === undefined)
        throw new FalcoFault('override-syntax', `'override' names '${key}', which is not given`, 'override')
      found.set(key, how as How)
    }
    return found
  }
  if (append !== true) return undefined
  return new Map(appendable.filter((key) => item.fields[key] !== undefined).map((key) => [key, 'append']))
}

function mergeList({ lists }: Merged, item: Item, overriding: ReadonlyMap<string, How> | undefined): void {
  const items = textsOf(item, 'items')
  if (items === undefined) throw new FalcoFault('items-missing', "a list needs 'items'", 'list')
  const before = overriding === undefined ? undefined : existing(lists, item)
  lists.set(item.name, {
    item,
    items: before !== undefined && overriding?.get('items') === 'append' ? [...before.items, ...items] : items,
  })
}

function mergeMacro({ macros }: Merged, item: Item, overriding: ReadonlyMap<string, How> | undefined): void {
  const condition = textOf(item, 'condition')
  if (condition === undefined) throw new FalcoFault('condition-missing', "a macro needs a 'condition'", 'macro')
  const before = overriding === undefined ? undefined : existing(macros, item)
  macros.set(item.name, {
    item,
    condition: before !== undefined && overriding?.get('condition') === 'append' ? `${before.condition} ${condition}` : condition,
  })
}

function mergeRule({ rules }: Merged, item: Item, overriding: ReadonlyMap<string, How> | undefined): void {
  const { enabled } = item.fields
  if (enabled !== undefined && typeof enabled !== 'boolean')
    throw new FalcoFault('field-type', "'enabled' must be true or false", 'enabled')
  if (overriding === undefined) {
    const known = rules.get(item.name)
    // Older files switch a rule on or off by its name alone.
    if (known !== undefined && typeof enabled === 'boolean' && item.fields['condition'] === undefined) {
      rules.set(item.name, { ...known, enabled })
      return
    }
    rules.set(item.name, newRule(item))
    return
  }
  const before = existing(rules, item)
  const text = (key: 'condition' | 'output' | 'desc'): string => {
    const how = overriding.get(key)
    const value = textOf(item, key) ?? ''
    return how === undefined ? before[key] : how === 'append' ? `${before[key]} ${value}` : value
  }
  const tags = textsOf(item, 'tags') ?? []
  rules.set(item.name, {
    ...before,
    condition: text('condition'),
    output: text('output'),
    desc: text('desc'),
    priority: overriding.has('priority') ? (textOf(item, 'priority') ?? before.priority) : before.priority,
    tags: overriding.has('tags') ? (overriding.get('tags') === 'append' ? [...before.tags, ...tags] : tags) : before.tags,
    enabled: overriding.has('enabled') || item.fields['append'] === true ? (enabled ?? before.enabled) : before.enabled,
    exceptions: overriding.has('exceptions')
      ? mergeExceptions(before.exceptions, exceptionsOf(item, before.exceptions), overriding.get('exceptions')!)
      : before.exceptions,
  })
}

function newRule(item: Item): RawRule {
  const condition = textOf(item, 'condition')
  if (condition === undefined) throw new FalcoFault('condition-missing', "a rule needs a 'condition'", 'rule')
  for (const key of ['output', 'desc', 'priority'] as const) {
    if (textOf(item, key) === undefined) throw new FalcoFault(`${key}-missing`, `a rule needs '${key}'`, 'rule')
  }
  return {
    name: item.name,
    item,
    source: textOf(item, 'source') ?? 'syscall',
    condition,
    output: textOf(item, 'output')!.trim(),
    desc: textOf(item, 'desc')!.trim(),
    priority: textOf(item, 'priority')!,
    tags: textsOf(item, 'tags') ?? [],
    enabled: (item.fields['enabled'] as JsonValue | undefined) !== false,
    exceptions: exceptionsOf(item, []),
  }
}

function existing<T>(known: ReadonlyMap<string, T>, item: Item): T {
  const before = known.get(item.name)
  if (before === undefined)
    throw new FalcoFault(
      'override-unknown',
      `there is no earlier ${item.kind} '${item.name}' to append to or to override`,
      item.kind,
    )
  return before
}
