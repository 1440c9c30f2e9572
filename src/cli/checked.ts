import type { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'

/**
 * What the server's own form takes, for commands that work without it.
 * @throws KanpekiError `usage` that names the first fault.
 */
export function checked<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw new KanpekiError('usage', `${[path.map(String).join('.'), message].filter((part) => part !== '').join(': ')}.`)
}
