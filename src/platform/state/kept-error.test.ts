import { expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { keepError, keptError } from './kept-error.ts'

it('keeps words, remedy and code, and reads what was kept before there were codes', () => {
  const refused = new KanpekiError('feed_refused', 'a.example answers 401.', { remedy: 'Check the secret.' })
  expect(keptError(keepError(refused))).toEqual({ error: 'a.example answers 401. Check the secret.', errorCode: 'feed_refused' })
  expect(keptError(keepError(new Error('odd "quotes"')))).toEqual({ error: 'odd "quotes"', errorCode: null })
  expect(keptError('a.example answers 401.')).toEqual({ error: 'a.example answers 401.', errorCode: null })
  expect(keptError(null)).toEqual({ error: null, errorCode: null })
})
