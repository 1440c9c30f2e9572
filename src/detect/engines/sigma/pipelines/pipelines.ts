import type { ChannelEvents, EcsFile, FieldSource, JsonShapeFile, PipelineFile, WindowsLayoutFile } from './schema.ts'

/** Sigma's field → places in the stored event, the best first. */
export type FieldTable = ReadonlyMap<string, readonly FieldSource[]>

/** What a Windows channel is in Sigma's words. */
export interface Channel {
  /** As Windows writes it. */
  readonly name: string
  readonly product: string
  readonly services: readonly string[]
  readonly events: ReadonlyMap<string, readonly string[]>
  /** Its data bears Sigma's own names: no other spelling is looked for. */
  readonly exactNames: boolean
}

/** A field of an event whose value takes categories away. */
export interface EventDetail {
  readonly field: string
  readonly without: ReadonlyMap<string, readonly string[]>
}

export interface EcsSource {
  readonly product: string
  readonly services: readonly string[]
  readonly categories: readonly string[]
  readonly under: string | undefined
  readonly fields: FieldTable
  readonly logInDataset: string | undefined
}

/** All pipeline files as one: what turns stored events into Sigma's log sources and fields. Keys of channels are lower case. */
export interface Pipelines {
  readonly channels: ReadonlyMap<string, Channel>
  readonly channelOfProvider: ReadonlyMap<string, string>
  /** Event id → channel (lower case) → detail. */
  readonly details: ReadonlyMap<number, ReadonlyMap<string, EventDetail>>
  /** `channel/id`, lower case. */
  readonly eventFields: ReadonlyMap<string, FieldTable>
  readonly categoryFields: ReadonlyMap<string, FieldTable>
  readonly layouts: ReadonlyMap<string, WindowsLayoutFile>
  readonly ecsFields: FieldTable
  readonly ecsSources: ReadonlyMap<string, EcsSource>
  readonly programs: {
    readonly authentication: ReadonlySet<string>
    readonly byProcessName: ReadonlySet<string>
    readonly services: ReadonlyMap<string, string>
    readonly webServers: ReadonlySet<string>
    readonly proxies: ReadonlySet<string>
  }
  /** In the order in which they are tried. */
  readonly shapes: readonly JsonShapeFile[]
  readonly placeholders: Readonly<Record<string, readonly string[]>>
}

/** Joins files; where two say something of the same channel, event, field or shape, the later one counts. */
export function joinPipelines(files: readonly PipelineFile[]): Pipelines {
  const channels = new Map<string, Channel>()
  const channelOfProvider = new Map<string, string>()
  const details = new Map<number, Map<string, EventDetail>>()
  const eventFields = new Map<string, FieldTable>()
  const categoryFields = new Map<string, FieldTable>()
  const layouts = new Map<string, WindowsLayoutFile>()
  let ecsFields: FieldTable = new Map()
  const ecsSources = new Map<string, EcsSource>()
  const programs = {
    authentication: new Set<string>(),
    byProcessName: new Set<string>(),
    services: new Map<string, string>(),
    webServers: new Set<string>(),
    proxies: new Set<string>(),
  }
  const shapes = new Map<string, JsonShapeFile>()
  const placeholders = new Map<string, readonly string[]>()

  const addEvents = (channel: string, events: ChannelEvents, known: Map<string, readonly string[]>): void => {
    for (const [id, event] of Object.entries(events)) {
      known.set(id, 'by' in event ? event.categories : event)
      if (!('by' in event)) continue
      const ofId = details.get(Number(id)) ?? new Map<string, EventDetail>()
      details.set(Number(id), ofId.set(channel, { field: event.by, without: new Map(Object.entries(event.without)) }))
    }
  }

  for (const file of files) {
    switch (file.kind) {
      case 'windows-channels':
        for (const [name, channel] of Object.entries(file.channels)) {
          const key = name.toLowerCase()
          const before = channels.get(key)
          const events = new Map(before?.events)
          addEvents(key, channel.events ?? {}, events)
          channels.set(key, {
            name,
            product: channel.product ?? before?.product ?? 'windows',
            services: channel.services ?? before?.services ?? [],
            events,
            exactNames: channel['exact-names'] ?? before?.exactNames ?? false,
          })
          for (const provider of channel.providers ?? []) channelOfProvider.set(provider.toLowerCase(), name)
        }
        break
      case 'windows-fields':
        for (const [event, fields] of Object.entries(file.events ?? {}))
          eventFields.set(event.toLowerCase(), withFields(eventFields.get(event.toLowerCase()), fields))
        for (const [category, fields] of Object.entries(file.categories ?? {}))
          categoryFields.set(category, withFields(categoryFields.get(category), fields))
        break
      case 'windows-layout': {
        const before = layouts.get(file.layout)
        layouts.set(
          file.layout,
          before === undefined ? file : { ...before, ...file, header: { ...before.header, ...file.header } },
        )
        break
      }
      case 'ecs-fields':
        ecsFields = withFields(ecsFields, file.fields)
        break
      case 'ecs':
        for (const [dataset, source] of Object.entries(file.datasets)) ecsSources.set(dataset, ecsSource(file, dataset, source))
        break
      case 'programs':
        for (const each of file.authentication ?? []) programs.authentication.add(each)
        for (const each of file['by-process-name'] ?? []) programs.byProcessName.add(each)
        for (const each of file['web-servers'] ?? []) programs.webServers.add(each)
        for (const each of file.proxies ?? []) programs.proxies.add(each)
        for (const [program, service] of Object.entries(file.services ?? {})) programs.services.set(program, service)
        break
      case 'json':
        shapes.set(file.id, file)
        break
      case 'placeholders':
        for (const [name, values] of Object.entries(file.placeholders)) placeholders.set(name, values)
    }
  }
  return {
    channels,
    channelOfProvider,
    details,
    eventFields,
    categoryFields,
    layouts,
    ecsFields,
    ecsSources,
    programs,
    shapes: [...shapes.values()].sort((a, b) => (a.order ?? 0) - (b.order ?? 0)),
    placeholders: Object.fromEntries(placeholders),
  }
}

/** A table with some fields said anew. */
export function withFields(before: FieldTable | undefined, fields: Readonly<Record<string, readonly FieldSource[]>>): FieldTable {
  return new Map([...(before ?? []), ...Object.entries(fields)])
}

function ecsSource(file: EcsFile, dataset: string, source: EcsFile['datasets'][string]): EcsSource {
  const named = (text: string): string => text.replaceAll('{dataset}', dataset)
  const fields = Object.entries(file.fields ?? {}).map(
    ([field, sources]) =>
      [
        field,
        sources.map((each): FieldSource => (typeof each === 'string' ? named(each) : { ...each, from: named(each.from) })),
      ] as const,
  )
  return {
    product: named(file.product),
    services: source.services ?? [],
    categories: source.categories ?? [],
    under: file.under === undefined ? undefined : named(file.under),
    fields: new Map(fields),
    logInDataset: file['log-in-dataset'],
  }
}
