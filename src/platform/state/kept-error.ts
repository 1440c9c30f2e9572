import { KanpekiError, messageOf } from '../../kernel/error.ts'

/** What failed at last, as a view tells it: the server's words, and a code for whoever words it in another language. */
export interface KeptError {
  readonly error: string | null
  readonly errorCode: string | null
}

const LONGEST = 500

/** An error as a column keeps it. */
export function keepError(error: unknown): string {
  const told =
    error instanceof KanpekiError
      ? [error.message, error.remedy].filter((part) => part !== undefined).join(' ')
      : messageOf(error)
  return JSON.stringify({ code: error instanceof KanpekiError ? error.code : null, text: told.slice(0, LONGEST) })
}

/** What `keepError` kept. Columns of before hold the words alone. */
export function keptError(column: string | null): KeptError {
  if (column?.startsWith('{"code":') !== true) return { error: column, errorCode: null }
  const { code, text } = JSON.parse(column) as { readonly code: string | null; readonly text: string }
  return { error: text, errorCode: code }
}
