import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { EXERCISE_KINDS } from './schema.ts'

const both = z.strictObject({ en: z.string().min(1).max(2000), ja: z.string().min(1).max(2000) })

/** An alert that is shown as if it had been raised. */
const alert = z.strictObject({
  rule: z.string().min(1).max(200),
  title: both,
  severity: z.int().min(1).max(5),
  entity: z.strictObject({ kind: z.enum(['host', 'user', 'address', 'other']), name: z.string().min(1).max(200) }),
  techniques: z.array(z.string().regex(/^T\d{4}(\.\d{3})?$/)).default([]),
})

const scriptSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
    kind: z.enum(EXERCISE_KINDS),
    title: both,
    about: both,
    minutes: z.int().min(5).max(1440),
    injects: z
      .array(
        z.strictObject({
          after: z.int().min(0).max(1440),
          text: both,
          questions: z.array(both).default([]),
          expect: both.optional(),
          alerts: z.array(alert).default([]),
        }),
      )
      .min(1)
      .max(50),
  })
  .refine(({ kind, injects }) => kind === 'table-top' || injects[0]!.alerts.length > 0, {
    error: 'A simulation begins with an alert.',
    path: ['injects', 0, 'alerts'],
  })
  .refine(({ injects }) => injects.every(({ after }, index) => index === 0 || after >= injects[index - 1]!.after), {
    error: 'Injects stand in the order of their time.',
    path: ['injects'],
  })
export type ExerciseScript = z.infer<typeof scriptSchema>

/**
 * Reads every script of a folder, by name.
 * @throws KanpekiError `bad_script` with the file and the field.
 */
export function readScripts(folder: string): readonly ExerciseScript[] {
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => {
      const { data, error } = scriptSchema.safeParse(parse(readFileSync(join(folder, name), 'utf8')))
      if (data !== undefined) return data
      const [issue] = error.issues
      throw new KanpekiError('bad_script', `The script of an exercise cannot be read: ${issue?.message ?? 'it is empty'}.`, {
        place: { file: join(folder, name), field: issue?.path.join('.') ?? '' },
        remedy: 'Correct the file; content/exercises holds examples.',
      })
    })
}
