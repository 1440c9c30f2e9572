import { isGrant } from '../access/grants.ts'
import { deleteToken, listTokens } from '../access/queries.ts'
import { GRANTS } from '../access/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { openOwnState } from '../app/care/open-own-state.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { readConfig } from '../platform/config.ts'
import { dataDir, prepareDataDir } from '../platform/data-dir.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { callApi } from './remote.ts'

const USAGE = `Usage: kanpeki token create --scope ingest|read|metrics|scim|admin [--name NAME] [--days N] [--data DIR | --url URL --token ADMIN_TOKEN [--ca FILE]]
       kanpeki token list [--data DIR]
       kanpeki token revoke ID [--data DIR]
'create' prints only the token. With --url it is made by the server, with a token of scope admin (or KANPEKI_TOKEN).`

const DAY_MS = 86_400_000

interface Values {
  readonly data: string
  readonly url?: string | undefined
  readonly ca?: string | undefined
  readonly token?: string | undefined
  readonly scope?: string | undefined
  readonly name: string
  readonly days?: string | undefined
}

async function withState<T>(data: string, work: (state: State) => Promise<T>): Promise<T> {
  prepareDataDir(dataDir(data))
  const config = readConfig(data, {}, process.env)
  const { state } = await openOwnState(config)
  try {
    return await work(state)
  } finally {
    await state.close()
  }
}

async function create(values: Values): Promise<number> {
  const { scope, name } = values
  if (scope === undefined || !isGrant(scope))
    throw new KanpekiError('usage', `--scope must be one of ${GRANTS.join(', ')}.`, { remedy: `\n${USAGE}` })
  const days = values.days === undefined ? undefined : Number(values.days)
  if (days !== undefined && !(Number.isInteger(days) && days > 0))
    throw new KanpekiError('usage', '--days must be a whole number above 0.')
  if (values.url !== undefined) {
    const made = await callApi<{ token: string }>({ url: values.url, ca: values.ca }, values.token, 'POST', '/api/v1/tokens', {
      name,
      scope,
      ...(days === undefined ? {} : { expiresInDays: days }),
    })
    process.stdout.write(`${made.token}\n`)
    return EXIT.ok
  }
  const token = await withState(values.data, (state) =>
    state.transaction<AccessTables, string>(async (trx) => {
      const now = Date.now()
      const made = await createToken(
        trx,
        { scope: DEFAULT_SCOPE, name, grant: scope, owner: null, ...(days === undefined ? {} : { life: days * DAY_MS }) },
        now,
      )
      await recordEvidence(trx, [
        {
          type: 'admin',
          scope: DEFAULT_SCOPE,
          observed: now,
          received: now,
          body: { action: 'token.create', token: made.id, name, grants: scope, by: 'command line' },
        },
      ])
      return made.token
    }),
  )
  process.stdout.write(`${token}\n`)
  return EXIT.ok
}

async function list(values: Values): Promise<number> {
  const rows = await withState(values.data, (state) => listTokens(state.tables<AccessTables>(), DEFAULT_SCOPE))
  for (const row of rows) {
    const used = row.last_used === null ? 'never used' : `used ${new Date(row.last_used).toISOString()}`
    process.stdout.write(`${row.id}  ${row.grants.padEnd(6)}  ${row.name}  ${used}\n`)
  }
  return EXIT.ok
}

async function revoke(values: Values, id: string | undefined): Promise<number> {
  if (id === undefined) throw new KanpekiError('usage', 'Which token? Give its id.', { remedy: `\n${USAGE}` })
  const done = await withState(values.data, (state) =>
    state.transaction<AccessTables, boolean>(async (trx) => {
      if (!(await deleteToken(trx, DEFAULT_SCOPE, id))) return false
      const now = Date.now()
      await recordEvidence(trx, [
        {
          type: 'admin',
          scope: DEFAULT_SCOPE,
          observed: now,
          received: now,
          body: { action: 'token.revoke', token: id, by: 'command line' },
        },
      ])
      return true
    }),
  )
  if (!done) throw new KanpekiError('not_found', `There is no token ${id}.`, { remedy: "'kanpeki token list' shows them." })
  return EXIT.ok
}

export function tokenCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          data: { type: 'string', default: './data' },
          url: { type: 'string' },
          ca: { type: 'string' },
          token: { type: 'string' },
          scope: { type: 'string' },
          name: { type: 'string', default: 'command line' },
          days: { type: 'string' },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    const [action, id] = positionals
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      return EXIT.ok
    }
    if (action === 'create') return await create(values)
    if (action === 'list') return await list(values)
    if (action === 'revoke') return await revoke(values, id)
    throw new KanpekiError('usage', action === undefined ? 'What shall be done?' : `There is no 'token ${action}'.`, {
      remedy: `\n${USAGE}`,
    })
  })
}
