import { placesOfSource } from '../pipelines/field-source.ts'
import type { Channel, FieldTable, Pipelines } from '../pipelines/pipelines.ts'
import type { EventClass, FieldPlace } from './event-class.ts'
import { spellings } from './spellings.ts'
import type { ShapeTables } from './tables.ts'
import type { WindowsLayout } from './windows-layout.ts'

/** Attackers choose channel names and ids in forged input: this many are remembered, then it starts afresh. */
const MOST_CLASSES = 4096

/** Apart, since senders choose ids: one that looks like another's id and detail must not stand for it. */
interface ClassesOfChannel {
  readonly byId: Map<string | number, EventClass>
  /** By detail, one of those that are known, and then by id. */
  readonly byDetail: Map<string, Map<string | number, EventClass>>
}

/** The classes of one shape, by channel and event id. */
export class WindowsClasses {
  readonly #layout: WindowsLayout
  readonly #pipelines: Pipelines
  readonly #channels = new Map<string, ClassesOfChannel>()
  #size = 0

  constructor(layout: WindowsLayout, { pipelines }: ShapeTables) {
    this.#layout = layout
    this.#pipelines = pipelines
  }

  channelOfProvider(provider: unknown): string {
    return (typeof provider === 'string' ? this.#pipelines.channelOfProvider.get(provider.toLowerCase()) : undefined) ?? ''
  }

  /** Every field that detailField may name. */
  get detailFields(): readonly string[] {
    const fields = [...this.#pipelines.details.values()].flatMap((byChannel) => [...byChannel.values()].map(({ field }) => field))
    return [...new Set(fields)]
  }

  /** The field that decides between an event's categories, where channel and id do not decide alone. */
  detailField(channel: string, id: string | number): string | undefined {
    const byChannel = this.#pipelines.details.get(typeof id === 'number' ? id : Number(id))
    return byChannel?.get(channel.toLowerCase())?.field
  }

  /** `id` and `detail` as they stand in the event; a detail that says nothing is the same as none. */
  of(channel: string, id: string | number, detail?: unknown): EventClass {
    const { byId, byDetail } = this.#channels.get(channel) ?? this.#newChannel(channel)
    const told = detail === undefined ? '' : this.#known(channel, id, detail)
    const ids = told === '' ? byId : (byDetail.get(told) ?? new Map<string | number, EventClass>())
    const known = ids.get(id)
    if (known !== undefined) return known
    if (this.#size >= MOST_CLASSES || this.#channels.size >= MOST_CLASSES) {
      this.#channels.clear()
      this.#size = 0
      return this.of(channel, id, detail)
    }
    this.#size += 1
    const made = windowsClass(this.#layout, this.#pipelines, { channel, id: String(id), detail: told })
    if (told !== '') byDetail.set(told, ids)
    ids.set(id, made)
    return made
  }

  #known(channel: string, id: string | number, detail: unknown): string {
    if (typeof detail !== 'string') return ''
    return this.#pipelines.details.get(Number(id))?.get(channel.toLowerCase())?.without.has(detail) === true ? detail : ''
  }

  /** `Security` and `security` are the same channel. */
  #newChannel(channel: string): ClassesOfChannel {
    const lower = channel.toLowerCase()
    const classes = this.#channels.get(lower) ?? { byId: new Map(), byDetail: new Map() }
    this.#channels.set(lower, classes)
    this.#channels.set(channel, classes)
    return classes
  }
}

const UNKNOWN: Channel = { name: '', product: 'windows', services: [], events: new Map(), exactNames: false }

function windowsClass(
  layout: WindowsLayout,
  pipelines: Pipelines,
  { channel, id, detail }: { readonly channel: string; readonly id: string; readonly detail: string },
): EventClass {
  const lower = channel.toLowerCase()
  const { product, services, events, exactNames } = pipelines.channels.get(lower) ?? UNKNOWN
  const without = pipelines.details.get(Number(id))?.get(lower)?.without.get(detail) ?? []
  const ofEvent = pipelines.eventFields.get(`${lower}/${id}`)
  return {
    name: `${layout.id}/${channel}/${id}${detail === '' ? '' : `/${detail}`}`,
    product,
    categories: (events.get(id) ?? []).filter((category) => !without.includes(category)),
    services,
    constants: new Map([['EventID', id], ...(channel === '' ? [] : ([['Channel', channel]] as const))]),
    places: (field, category) => [
      ...(category === undefined ? [] : meaning(layout, field, ofEvent, pipelines.categoryFields.get(category))),
      ...(layout.header(field) ?? []),
      ...(exactNames ? [field] : spellings(field)).flatMap((name) => layout.data(name)),
      ...layout.other(field),
    ],
  }
}

/** What a category's field is called in an event of this kind. */
function meaning(
  layout: WindowsLayout,
  field: string,
  ofEvent: FieldTable | undefined,
  ofCategory: FieldTable | undefined,
): readonly FieldPlace[] {
  const sources = ofEvent?.get(field) ?? ofCategory?.get(field) ?? []
  return sources.flatMap((source) => placesOfSource(source, (name) => layout.data(name)))
}
