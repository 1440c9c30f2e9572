import { KanpekiError } from '../kernel/error.ts'
import type { Grant } from './schema.ts'

const DAY_MS = 86_400_000

/** The settings `token-days` and `token-max-days`. */
export interface TokenLife {
  /** For a token that is made without saying; null for no end. Ingest tokens have none: an end would cost events in silence. */
  readonly days: number | null
  /** Longer is refused; null for no limit. */
  readonly maxDays: number | null
}

export const DEFAULT_TOKEN_LIFE: TokenLife = { days: 365, maxDays: null }

/**
 * How long a new token lasts, milliseconds; undefined for no end.
 * @param asked days, undefined where nothing was said. @throws KanpekiError `token_life` for more than the settings allow.
 */
export function tokenLife(grant: Grant, asked: number | undefined, { days, maxDays }: TokenLife): number | undefined {
  if (asked !== undefined && maxDays !== null && asked > maxDays)
    throw new KanpekiError('token_life', `A token may last ${maxDays} days at most here.`, {
      place: { field: 'expiresInDays' },
      remedy: 'Ask for fewer days; an administrator can change the setting token-max-days.',
    })
  const usual = grant === 'ingest' ? maxDays : Math.min(days ?? Number.POSITIVE_INFINITY, maxDays ?? Number.POSITIVE_INFINITY)
  const chosen = asked ?? usual
  return chosen === null || chosen === Number.POSITIVE_INFINITY ? undefined : chosen * DAY_MS
}
