import { z } from 'zod'

/** A dotted path into an event's JSON; a number is a place in a list. */
const path = z.string().min(1).max(300)
const ecsName = z
  .string()
  .max(200)
  .regex(/^@?[A-Za-z_][\w-]*(\.[\w-]+)*$/, 'a dotted ECS name')

/** How the events of a generic webhook are read. The event's own members stay; these are added beside them. */
export const webhookMapping = z
  .object({
    /** Where the events are: a list, or one object. Left out: the body itself. */
    records: path.optional(),
    /** ECS name → where its value is. */
    fields: z.record(ecsName, path).default({}),
    /** ECS name → the text that it always has. */
    constants: z.record(ecsName, z.string().max(1000)).default({}),
  })
  .strict()
  .refine(({ fields, constants }) => Object.keys(fields).length + Object.keys(constants).length <= 200, 'at most 200 names')
export type WebhookMapping = z.infer<typeof webhookMapping>

/** Settings of what is sent to us: nothing opens it, so there is only how to read it. */
export const httpConfig = z.object({ mapping: webhookMapping.optional() }).strict()
export type HttpConfig = z.infer<typeof httpConfig>
