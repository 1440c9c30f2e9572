import { z } from 'zod'

/** Keys of a document that are used as they stand: names of fields, channels, products. */
const name = z.string().min(1).max(200)
const names = z.array(name)

const joined = z.strictObject({
  field: name,
  with: z.string().max(8),
  /** A value that ends with the other field's is left as it is. */
  'unless-it-ends-so': z.literal(true).optional(),
})

/** One place of a rule's field, with what turns the stored form into the one that Sigma's rules expect. */
const source = z.union([
  name,
  z.strictObject({
    from: name,
    /** Stored value → value; others stay. */
    values: z.record(z.string(), z.string()).optional(),
    /** Beginnings that are written otherwise, without regard to case. */
    prefixes: z.record(z.string(), z.string()).optional(),
    /** Another field before or behind, where it has a value (`-` is none). */
    before: joined.optional(),
    after: joined.optional(),
    /** An object of hashes as `NAME=hash,…`, with more of them from elsewhere. */
    hashes: z.record(name, names).optional(),
  }),
])
export type FieldSource = z.infer<typeof source>

/** Sigma's field → places, the best first. An empty list takes back what the table above says. */
const fields = z.record(name, z.array(source).max(20))
export type FieldNames = z.infer<typeof fields>

const test = z.union([
  z.enum(['text', 'present', 'absent', 'object']),
  z.strictObject({ is: name }),
  z.strictObject({ 'is-one-of': names.min(1) }),
  z.strictObject({ begins: name }),
  z.strictObject({ contains: name }),
  z.strictObject({ matches: z.string().min(1).max(200) }),
])
export type RecogniseTest = z.infer<typeof test>

/** Alternatives, each a map of fields that must all pass. `a|b` passes when one of both does. */
const when = z.array(z.record(name, test)).min(1)

const head = { title: z.string().min(1).max(200) }
const sourceOf = { services: names.optional(), categories: names.optional() }

const events = z.record(
  z.string().regex(/^\d{1,6}$/),
  z.union([
    names,
    z.strictObject({
      categories: names,
      /** A field of the event whose value takes categories away. */
      by: name,
      without: z.record(name, names),
    }),
  ]),
)
export type ChannelEvents = z.infer<typeof events>

const windowsChannels = z.strictObject({
  ...head,
  kind: z.literal('windows-channels'),
  channels: z.record(
    name,
    z.strictObject({
      product: name.optional(),
      services: names.optional(),
      providers: names.optional(),
      events: events.optional(),
      'exact-names': z.literal(true).optional(),
    }),
  ),
})

const windowsFields = z.strictObject({
  ...head,
  kind: z.literal('windows-fields'),
  /** `Channel/id` → what a category's field is called in that event. */
  events: z.record(z.string().regex(/.\/\d+$/, 'a channel, a slash and an event id'), fields).optional(),
  /** Category → the same for all its events. */
  categories: z.record(name, fields).optional(),
})

export const LAYOUTS = ['flat', 'nested', 'winlogbeat', 'winlogbeat-6'] as const
const template = z.union([name, z.strictObject({ flat: name }), z.strictObject({ named: name })])
export type DataTemplate = z.infer<typeof template>

const windowsLayout = z.strictObject({
  ...head,
  kind: z.literal('windows-layout'),
  layout: z.enum(LAYOUTS),
  header: z.record(name, names.min(1)),
  attributes: z.strictObject({ elements: names.min(1), at: names.min(1) }).optional(),
  data: z.array(template).min(1),
  flattened: z.literal(true).optional(),
  ecs: z.literal(true).optional(),
})
export type WindowsLayoutFile = z.infer<typeof windowsLayout>

const json = z.strictObject({
  ...head,
  kind: z.literal('json'),
  id: name,
  /** Shapes are tried in this order; 0 where nothing is said. */
  order: z.int().min(-1000).max(1000).optional(),
  product: name,
  ...sourceOf,
  under: name.optional(),
  when: when.optional(),
  fields: fields.optional(),
  /** The first whose `when` fits; what fits none has another shape. */
  classes: z.array(z.strictObject({ ...sourceOf, when, fields: fields.optional() })).optional(),
  /** By the value of one field. */
  split: z
    .strictObject({
      field: name,
      'as-service': z.literal(true).optional(),
      kinds: z.record(name, z.strictObject({ ...sourceOf, fields: fields.optional() })),
      telltale: z.array(z.tuple([name, names.min(1)])).optional(),
    })
    .optional(),
})
export type JsonShapeFile = z.infer<typeof json>

const ecs = z.strictObject({
  ...head,
  kind: z.literal('ecs'),
  /** `event.dataset`, or `event.module` where the dataset is not listed. */
  datasets: z.record(name, z.strictObject(sourceOf)),
  /** `{dataset}` is the dataset's name, here and in places. */
  product: name,
  under: name.optional(),
  fields: fields.optional(),
  /** What stands behind this in `event.dataset` is Sigma's service. */
  'log-in-dataset': name.optional(),
})
export type EcsFile = z.infer<typeof ecs>

const ecsFields = z.strictObject({ ...head, kind: z.literal('ecs-fields'), fields })

const programs = z.strictObject({
  ...head,
  kind: z.literal('programs'),
  authentication: names.optional(),
  'by-process-name': names.optional(),
  services: z.record(name, name).optional(),
  'web-servers': names.optional(),
  proxies: names.optional(),
})

const placeholders = z.strictObject({
  ...head,
  kind: z.literal('placeholders'),
  /** `%name%` without its percent signs → values; wildcards are wildcards. */
  placeholders: z.record(name, z.array(z.union([z.string(), z.number()]).transform(String)).min(1)),
})

/** One file of `content/pipelines`, or of the user's own. */
export const pipelineFile = z.discriminatedUnion('kind', [
  windowsChannels,
  windowsFields,
  windowsLayout,
  json,
  ecs,
  ecsFields,
  programs,
  placeholders,
])
export type PipelineFile = z.infer<typeof pipelineFile>

/** JSON Schema 2020-12 of a pipeline file, for editors: published as docs/schemas/pipeline.json. */
export function pipelineJsonSchema(): object {
  return { $id: 'urn:kanpeki:schema:pipeline', ...z.toJSONSchema(pipelineFile, { io: 'input' }) }
}
