import type { z } from 'zod'
import type { InputError, InputErrorCode } from './problem.ts'

/** An issue of a schema as the API tells it. What a schema says in words of its own has no code. */
export function inputErrorOf(issue: z.core.$ZodIssue): InputError {
  const error = { path: issue.path.join('.'), message: issue.message }
  switch (issue.code) {
    case 'invalid_type':
      return { ...error, code: /received undefined$/.test(issue.message) ? 'required' : 'type' }
    case 'too_small':
      return bounded(error, issue.origin, Number(issue.minimum), ['short', 'few', 'small'])
    case 'too_big':
      return bounded(error, issue.origin, Number(issue.maximum), ['long', 'many', 'large'])
    case 'invalid_format':
      return isOwn(issue.message) ? error : { ...error, code: FORMATS[issue.format] ?? 'format' }
    case 'invalid_value':
      return { ...error, code: 'choice' }
    case 'unrecognized_keys':
      return { ...error, code: 'unknown' }
    default:
      return error
  }
}

const FORMATS: Readonly<Record<string, InputErrorCode>> = { url: 'url', email: 'email', datetime: 'time', date: 'time' }

/** What zod says where the schema has no words of its own begins so. */
const isOwn = (message: string): boolean => !message.startsWith('Invalid ')

type Bounded = readonly [text: InputErrorCode, list: InputErrorCode, number: InputErrorCode]

function bounded(
  error: Pick<InputError, 'path' | 'message'>,
  origin: string,
  bound: number,
  [text, list, number]: Bounded,
): InputError {
  if (!Number.isFinite(bound)) return error
  if (origin === 'string')
    return text === 'short' && bound === 1 ? { ...error, code: 'required' } : { ...error, code: text, bound }
  if (origin === 'array' || origin === 'set' || origin === 'object') return { ...error, code: list, bound }
  return origin === 'number' || origin === 'int' || origin === 'bigint' ? { ...error, code: number, bound } : error
}
