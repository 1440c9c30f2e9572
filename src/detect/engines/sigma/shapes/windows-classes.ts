import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { readPlace } from '../match/read-field.ts'
import type { EventClass, FieldPlace } from './event-class.ts'
import { CATEGORIES_OF_EVENT, CATEGORIES_OF_SYSMON_ID, CHANNEL_OF_PROVIDER, SERVICES_OF_CHANNEL } from './windows-channels.ts'
import { ALIASES_OF_CATEGORY, ALIASES_OF_EVENT, type FieldAlias, spellings } from './windows-fields.ts'

/** Where one shape keeps a Windows event's parts. */
export interface WindowsLayout {
  readonly id: string
  /** Places of a field of the event's header (EventID, Channel, Provider_Name …), or undefined when it is none. */
  header(field: string): readonly FieldPlace[] | undefined
  /** Places of a field of the event's own data. */
  data(name: string): readonly FieldPlace[]
  /** Further places by meaning, e.g. ECS names. */
  other(field: string): readonly FieldPlace[]
}

/** Attackers choose channel names and ids in forged input: this many are remembered, then it starts afresh. */
const MOST_CLASSES = 4096

/** The classes of one shape, by channel and event id. */
export class WindowsClasses {
  readonly #layout: WindowsLayout
  readonly #channels = new Map<string, Map<string | number, EventClass>>()
  #size = 0

  constructor(layout: WindowsLayout) {
    this.#layout = layout
  }

  /** `id` as it stands in the event. `provider` serves where the channel is missing; `detail` splits Sysmon 12 and Security 4657. */
  of(channel: string, id: string | number, detail: string): EventClass {
    const ids = this.#channels.get(channel) ?? this.#newChannel(channel)
    const key = detail === '' ? id : `${id}|${detail}`
    const known = ids.get(key)
    if (known !== undefined) return known
    if (this.#size >= MOST_CLASSES || this.#channels.size >= MOST_CLASSES) {
      this.#channels.clear()
      this.#size = 0
      return this.of(channel, id, detail)
    }
    this.#size += 1
    const made = windowsClass(this.#layout, channel, String(id), detail)
    ids.set(key, made)
    return made
  }

  /** `Security` and `security` are the same channel. */
  #newChannel(channel: string): Map<string | number, EventClass> {
    const lower = channel.toLowerCase()
    const ids = this.#channels.get(lower) ?? new Map<string | number, EventClass>()
    this.#channels.set(lower, ids)
    this.#channels.set(channel, ids)
    return ids
  }
}

export function channelOfProvider(provider: unknown): string {
  return (typeof provider === 'string' ? CHANNEL_OF_PROVIDER.get(provider.toLowerCase()) : undefined) ?? ''
}

/** The part of an event that decides between categories, or '' where channel and id decide alone. */
export function detailField(channel: string, id: string | number): 'EventType' | 'OperationType' | undefined {
  const number = Number(id)
  if (number === 12 && /sysmon/i.test(channel)) return 'EventType'
  return number === 4657 ? 'OperationType' : undefined
}

function windowsClass(layout: WindowsLayout, channel: string, id: string, detail: string): EventClass {
  const lower = channel.toLowerCase()
  const isSysmon = lower.endsWith('sysmon/operational')
  const event = `${lower}/${id}`
  const categories = (isSysmon ? CATEGORIES_OF_SYSMON_ID.get(id) : CATEGORIES_OF_EVENT.get(event)) ?? []
  const aliases = ALIASES_OF_EVENT.get(event)
  return {
    name: `${layout.id}/${channel}/${id}${detail === '' ? '' : `/${detail}`}`,
    product: lower.startsWith('linux-sysmon') ? 'linux' : 'windows',
    categories: categories.filter((category) => detailAllows(category, detail)),
    services: SERVICES_OF_CHANNEL.get(lower) ?? [],
    constants: new Map([['EventID', id], ...(channel === '' ? [] : ([['Channel', channel]] as const))]),
    places: (field, category) => {
      const meaning = category === undefined ? undefined : (aliases?.get(field) ?? ALIASES_OF_CATEGORY.get(category)?.get(field))
      return [
        ...(meaning ?? []).flatMap((alias) => aliasPlaces(layout, alias)),
        ...(layout.header(field) ?? []),
        ...(isSysmon ? [field] : spellings(field)).flatMap((name) => layout.data(name)),
        ...layout.other(field),
      ]
    },
  }
}

/** The shape's own conversion comes first, then the meaning's. */
function aliasPlaces(layout: WindowsLayout, { name, convert }: FieldAlias): readonly FieldPlace[] {
  const places = layout.data(name)
  if (convert === undefined) return places
  return places.map((place) => ({
    keys: place.keys,
    convert: (value, doc) => {
      const plain = place.convert === undefined ? value : place.convert(value, doc)
      return plain === undefined ? undefined : convert(plain, (other) => readData(layout, doc, other))
    },
  }))
}

function readData(layout: WindowsLayout, doc: JsonObject, name: string): JsonValue | undefined {
  for (const place of layout.data(name)) {
    const value = readPlace(doc, place)
    if (value !== undefined) return value
  }
  return undefined
}

/** Sysmon 12: CreateKey is an addition, DeleteKey and DeleteValue a deletion; shippers that lose the type leave both open. */
function detailAllows(category: string, detail: string): boolean {
  switch (detail) {
    case 'CreateKey':
      return category !== 'registry_delete'
    case 'DeleteKey':
    case 'DeleteValue':
    case '%%1906':
      return category !== 'registry_add' && category !== 'registry_set'
    case '%%1904':
    case '%%1905':
      return category !== 'registry_delete'
    default:
      return true
  }
}

/** The details that detailAllows knows; anything else is the same as none. */
export const KNOWN_DETAILS: ReadonlySet<unknown> = new Set([
  'CreateKey',
  'DeleteKey',
  'DeleteValue',
  '%%1904',
  '%%1905',
  '%%1906',
])
