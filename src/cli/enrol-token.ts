import { createEnrolment, enrolmentReply } from '../access/machines/enrolment.ts'
import { deleteEnrolment, listEnrolments } from '../access/machines/queries.ts'
import { nameSchema } from '../access/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { checked } from './checked.ts'
import { command } from './command.ts'
import { EXIT, onHostOnly, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { changeAccess, checkScopeExists, wholeNumber, withNewState, withState } from './own-state.ts'
import { callApi } from './remote.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki enrol-token create [--name NAME] [--scope NAME] [--hours N] [--uses N] [--data DIR | --url URL --token TOKEN [--ca FILE]]
       kanpeki enrol-token list [--json] [--scope NAME] [--data DIR]
       kanpeki enrol-token revoke ID [--scope NAME] [--data DIR]
'create' prints only the token: an agent exchanges it for its certificate, within 24 hours and once unless --hours (720
at most) and --uses say otherwise.`

const HOUR_MS = 3_600_000
const MOST_HOURS = 720
const MOST_USES = 10_000

interface Values {
  readonly data: string
  readonly json: boolean
  readonly url?: string | undefined
  readonly ca?: string | undefined
  readonly token?: string | undefined
  readonly scope: string
  readonly name: string
  readonly hours: string
  readonly uses: string
}

async function create({ data, url, ca, token, scope, ...values }: Values): Promise<number> {
  const name = checked(nameSchema, values.name)
  const hours = wholeNumber('--hours', values.hours, MOST_HOURS)
  const uses = wholeNumber('--uses', values.uses, MOST_USES)
  if (url !== undefined) {
    const made = await callApi<{ token: string }>({ url, ca }, token, 'POST', '/api/v1/enrolments', { name, hours, uses }, scope)
    process.stdout.write(`${made.token}\n`)
    return EXIT.ok
  }
  const secret = await withNewState(data, async (state) => {
    await checkScopeExists(state, scope)
    return await changeAccess(state, scope, async (db, now) => {
      const request = { scope, name, uses, life: hours * HOUR_MS, byName: 'command line' }
      const made = await createEnrolment(db, request, now)
      const until = new Date(made.row.expires).toISOString()
      return { result: made.token, action: 'enrolment.create', body: { enrolment: made.row.id, name, uses, until } }
    })
  })
  process.stdout.write(`${secret}\n`)
  return EXIT.ok
}

async function list({ data, json, scope }: Values): Promise<number> {
  const rows = await withState(data, async (state) => {
    await checkScopeExists(state, scope)
    return await listEnrolments(state.tables<AccessTables>(), scope)
  })
  const now = Date.now()
  for (const row of rows) {
    const { id, name, uses, uses_left: left, expires } = row
    const end = expires > now ? `until ${new Date(expires).toISOString()}` : 'expired'
    const line = `${id}  ${plain(name).padEnd(16)}  ${left} of ${uses} left  ${end}`
    process.stdout.write(`${json ? JSON.stringify(enrolmentReply(row)) : line}
`)
  }
  return EXIT.ok
}

async function revoke({ data, scope }: Values, id: string | undefined): Promise<number> {
  if (id === undefined) throw new KanpekiError('usage', 'Which token? Give its id.', { remedy: `\n${USAGE}` })
  await withState(data, (state) =>
    changeAccess(state, scope, async (db) => {
      const name = await deleteEnrolment(db, scope, id)
      if (name === undefined)
        throw new KanpekiError('not_found', `There is no enrolment token ${id}.`, {
          remedy: "'kanpeki enrol-token list' shows them.",
        })
      return { result: undefined, action: 'enrolment.revoke', body: { enrolment: id, name } }
    }),
  )
  return EXIT.ok
}

export function enrolTokenCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      json: { type: 'boolean', default: false },
      scope: { type: 'string', default: DEFAULT_SCOPE },
      name: { type: 'string', default: 'command line' },
      hours: { type: 'string', default: '24' },
      uses: { type: 'string', default: '1' },
    },
    async ({ values, positionals }) => {
      const [action, id] = positionals
      takesAtMost(action === 'revoke' ? 2 : 1, positionals, USAGE)
      if ((action === 'revoke' || action === 'list') && values.url !== undefined) throw onHostOnly(`enrol-token ${action}`, USAGE)
      if (action === 'create') return await create(values)
      if (action === 'list') return await list(values)
      if (action === 'revoke') return await revoke(values, id)
      throw new KanpekiError('usage', action === undefined ? 'What shall be done?' : `There is no 'enrol-token ${action}'.`, {
        remedy: `\n${USAGE}`,
      })
    },
  )
}
