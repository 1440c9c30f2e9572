import { KanpekiError } from '../../kernel/error.ts'

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_CONSTRAINT = 19
const SQLITE_NOTADB = 26

const FREE_SPACE = 'Free some space; nothing of this write was kept, and the sender will offer it again.'

/** Turns a driver's error into the house's where a caller may act on it; any other error is returned as it is. */
export function stateError(error: unknown): unknown {
  if (error instanceof KanpekiError || !(error instanceof Error)) return error
  if ('errcode' in error && typeof error.errcode === 'number') return sqliteError(error, error.errcode)
  if ('code' in error && typeof error.code === 'string') return postgresError(error, error.code)
  return error
}

function sqliteError(error: Error, extended: number): Error {
  const cause = { cause: error }
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new KanpekiError('state_busy', 'The state database is held by another writer.', cause)
    case SQLITE_FULL:
      return new KanpekiError('disk_full', 'The disk with the state database is full.', { ...cause, remedy: FREE_SPACE })
    case SQLITE_CONSTRAINT:
      return new KanpekiError('state_conflict', error.message, cause)
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new KanpekiError('state_unreachable', `The state database cannot be opened for writing: ${error.message}.`, {
        ...cause,
        remedy: 'Check that the data folder exists and belongs to the user who runs Kanpeki.',
      })
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new KanpekiError('state_corrupt', `The state database is damaged: ${error.message}.`, {
        ...cause,
        remedy: 'Restore state.db from the last backup; the ledger and the lake are untouched.',
      })
    default:
      return error
  }
}

/** SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function postgresError(error: Error, code: string): Error {
  const cause = { cause: error }
  if (code === '53100')
    return new KanpekiError('disk_full', 'The disk of the state database is full.', { ...cause, remedy: FREE_SPACE })
  if (code.startsWith('23')) return new KanpekiError('state_conflict', error.message, cause)
  if (code === '40001' || code === '40P01' || code === '55P03')
    return new KanpekiError('state_busy', `The state database could not serialise this write: ${error.message}.`, cause)
  if (
    /^(08|57P0|28|3D)/.test(code) ||
    ['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'ECONNRESET', 'ETIMEDOUT', 'EACCES'].includes(code)
  )
    return new KanpekiError('state_unreachable', `The state database does not answer: ${error.message}.`, {
      ...cause,
      remedy: 'Check the URL given as `state` and that PostgreSQL runs.',
    })
  return error
}
