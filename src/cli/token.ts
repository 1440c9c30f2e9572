import { isGrant } from '../access/grants.ts'
import { deleteToken, findTokenById, listTokens } from '../access/queries.ts'
import { GRANTS, nameSchema } from '../access/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { tokenLife } from '../access/token-life.ts'
import { createToken, rotateToken, tokenReply } from '../access/tokens.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { checked } from './checked.ts'
import { command } from './command.ts'
import { EXIT, onHostOnly, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { changeAccess, wholeNumber, withNewState, withState } from './own-state.ts'
import { callApi } from './remote.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki token create --scope ingest|read|metrics|scim|admin [--name NAME] [--days N] [--source NAME] [--data DIR | --url URL --token ADMIN_TOKEN [--ca FILE]]
       kanpeki token list [--json] [--data DIR]
       kanpeki token rotate ID [--overlap-hours N] [--data DIR]
       kanpeki token revoke ID [--data DIR]
'create' and 'rotate' print only the token. With --url it is made by the server, with a token of scope admin (or
KANPEKI_TOKEN). With --source all that an ingest token sends counts for that one source. A rotated token's former secret
stays good for 24 hours, or --overlap-hours (0 ends it at once).`

const HOUR_MS = 3_600_000
const MOST_OVERLAP_HOURS = 720

interface Values {
  readonly data: string
  readonly json: boolean
  readonly url?: string | undefined
  readonly ca?: string | undefined
  readonly token?: string | undefined
  readonly scope?: string | undefined
  readonly name: string
  readonly days?: string | undefined
  readonly source?: string | undefined
  readonly 'overlap-hours': string
}

async function create(values: Values): Promise<number> {
  const { scope, source } = values
  const name = checked(nameSchema, values.name)
  if (scope === undefined || !isGrant(scope))
    throw new KanpekiError('usage', `--scope must be one of ${GRANTS.join(', ')}.`, { remedy: `\n${USAGE}` })
  const days = values.days === undefined ? undefined : wholeNumber('--days', values.days, 3650)
  if (source !== undefined && (scope !== 'ingest' || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(source)))
    throw new KanpekiError(
      'usage',
      '--source is for --scope ingest: 1 to 64 lower-case letters, digits, dots, dashes and underscores.',
    )
  if (values.url !== undefined) {
    const made = await callApi<{ token: string }>({ url: values.url, ca: values.ca }, values.token, 'POST', '/api/v1/tokens', {
      name,
      scope,
      ...(days === undefined ? {} : { expiresInDays: days }),
      ...(source === undefined ? {} : { source }),
    })
    process.stdout.write(`${made.token}\n`)
    return EXIT.ok
  }
  const token = await withNewState(values.data, async (state, config) => {
    const life = tokenLife(scope, days, { days: config.values['token-days'], maxDays: config.values['token-max-days'] })
    return await changeAccess(state, DEFAULT_SCOPE, async (db, now) => {
      const request = { scope: DEFAULT_SCOPE, name, grant: scope, owner: null }
      const made = await createToken(
        db,
        { ...request, ...(life === undefined ? {} : { life }), ...(source === undefined ? {} : { source: `http:${source}` }) },
        now,
      )
      const body = { token: made.id, name, grants: scope, source: made.row.source, until: time(made.row.expires) }
      return { result: made.token, action: 'token.create', body }
    })
  })
  process.stdout.write(`${token}\n`)
  return EXIT.ok
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

async function list(values: Values): Promise<number> {
  const rows = await withState(values.data, (state) => listTokens(state.tables<AccessTables>(), DEFAULT_SCOPE))
  const now = Date.now()
  for (const row of rows) {
    const used = row.last_used === null ? 'never used' : `used ${time(row.last_used)}`
    const end = row.expires === null ? '' : `  until ${time(row.expires)}`
    const line = `${row.id}  ${row.grants.padEnd(6)}  ${plain(row.name)}  ${used}${end}`
    process.stdout.write(`${values.json ? JSON.stringify(tokenReply(row, now)) : line}
`)
  }
  return EXIT.ok
}

async function rotate(values: Values, id: string | undefined): Promise<number> {
  if (id === undefined) throw new KanpekiError('usage', 'Which token? Give its id.', { remedy: `\n${USAGE}` })
  const hours = values['overlap-hours'] === '0' ? 0 : wholeNumber('--overlap-hours', values['overlap-hours'], MOST_OVERLAP_HOURS)
  const token = await withState(values.data, (state) =>
    changeAccess(state, DEFAULT_SCOPE, async (db, now) => {
      const row = await findTokenById(db, DEFAULT_SCOPE, id)
      if (row === undefined || !isGrant(row.grants) || (row.expires !== null && row.expires <= now)) throw noToken(id)
      // The account that answers for the token stays: this command speaks for nobody.
      const made = await rotateToken(db, row, row.grants, row.owner, hours * HOUR_MS, now)
      const body = { token: id, name: row.name, owner: row.owner, formerSecretUntil: time(made.row.old_until) }
      return { result: made.token, action: 'token.rotate', body }
    }),
  )
  process.stdout.write(`${token}\n`)
  return EXIT.ok
}

async function revoke(values: Values, id: string | undefined): Promise<number> {
  if (id === undefined) throw new KanpekiError('usage', 'Which token? Give its id.', { remedy: `\n${USAGE}` })
  await withState(values.data, (state) =>
    changeAccess(state, DEFAULT_SCOPE, async (db) => {
      if (!(await deleteToken(db, DEFAULT_SCOPE, id))) throw noToken(id)
      return { result: undefined, action: 'token.revoke', body: { token: id } }
    }),
  )
  return EXIT.ok
}

function noToken(id: string): KanpekiError {
  return new KanpekiError('not_found', `There is no token ${id}.`, { remedy: "'kanpeki token list' shows them." })
}

export function tokenCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      json: { type: 'boolean', default: false },
      scope: { type: 'string' },
      name: { type: 'string', default: 'command line' },
      days: { type: 'string' },
      source: { type: 'string' },
      'overlap-hours': { type: 'string', default: '24' },
    },
    async ({ values, positionals }) => {
      const [action, id] = positionals
      const isOfOne = action === 'rotate' || action === 'revoke'
      takesAtMost(isOfOne ? 2 : 1, positionals, USAGE)
      if ((isOfOne || action === 'list') && values.url !== undefined) throw onHostOnly(`token ${action}`, USAGE)
      if (action === 'create') return await create(values)
      if (action === 'list') return await list(values)
      if (action === 'rotate') return await rotate(values, id)
      if (action === 'revoke') return await revoke(values, id)
      throw new KanpekiError('usage', action === undefined ? 'What shall be done?' : `There is no 'token ${action}'.`, {
        remedy: `\n${USAGE}`,
      })
    },
  )
}
