import { z } from 'zod'
import { ROLES } from '../schema.ts'

const time = z.iso.datetime({ precision: 3 })

export const conflictsSchema = z.object({
  /** People who hold duties that should lie with two, by name. */
  people: z.array(
    z.object({
      account: z.string(),
      name: z.string(),
      display: z.string(),
      /** Roles that hold in this scope, those of every scope among them. */
      roles: z.array(z.enum(ROLES)),
      duties: z.array(z.tuple([z.enum(ROLES), z.enum(ROLES)])),
    }),
  ),
  /** What waits for an approval that nobody but its author could give: a second person is needed. */
  waiting: z.array(
    z.object({
      kind: z.string(),
      id: z.string(),
      title: z.object({ en: z.string(), ja: z.string() }),
      version: z.string(),
      author: z.string(),
      since: time,
    }),
  ),
})
export type Conflicts = z.infer<typeof conflictsSchema>
