import { endAccount } from '../access/end-account.ts'
import { inviteAccount, saidRole } from '../access/people/invite.ts'
import { makeLink } from '../access/people/links.ts'
import { accountsSeenFrom, deleteLinks, everyAssignment, ingestTokensOf } from '../access/people/queries.ts'
import { invitePersonSchema } from '../access/people/schema.ts'
import { type Db, findAccountByName } from '../access/queries.ts'
import { type Assignment, isRole } from '../access/roles.ts'
import { ROLES } from '../access/schema.ts'
import type { AccessTables, Account } from '../access/tables.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Config } from '../platform/config.ts'
import { dataDir, runningServer } from '../platform/data-dir.ts'
import { checked } from './checked.ts'
import { command } from './command.ts'
import { EXIT, takesAtMost } from './options.ts'
import { changeAccess, withNewState, withState } from './own-state.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki people list [--json] [--data DIR]
       kanpeki people invite NAME [--role ROLE[@SCOPE]]… [--display TEXT] [--email ADDRESS] [--data DIR]
       kanpeki people reset NAME [--factors] [--data DIR]
       kanpeki people end NAME [--data DIR]
'invite' and 'reset' print only a link that works once, for 72 and 24 hours; --factors also removes the second factor.
'end' closes the account with its sessions and tokens. ROLE is one of ${ROLES.join(', ')}; SCOPE is ${DEFAULT_SCOPE}
unless named, * for every one.`

interface Values {
  readonly data: string
  readonly json: boolean
  readonly role: readonly string[]
  readonly display: string
  readonly email?: string | undefined
  readonly factors: boolean
}

function roleOf(text: string): Assignment {
  const [role = '', scope = DEFAULT_SCOPE] = text.split('@', 2)
  if (!isRole(role)) throw new KanpekiError('usage', `There is no role '${role}'.`, { remedy: `\n${USAGE}` })
  return { role, scope }
}

/** A link as it is opened; only its path where no server runs and no public address is set. */
function linkAt(config: Config, path: string): string {
  return `${config.values['public-url'] ?? runningServer(dataDir(config.data))?.url ?? ''}${path}`
}

async function accountNamed(db: Db, name: string): Promise<Account> {
  const account = await findAccountByName(db, name)
  if (account === undefined) {
    throw new KanpekiError('not_found', `There is no account '${name}'.`, { remedy: "'kanpeki people list' shows them." })
  }
  return account
}

async function list({ data, json }: Values): Promise<number> {
  await withState(data, async (state) => {
    const db = state.tables<AccessTables>()
    const held = await everyAssignment(db)
    for (const { id, name, display, email, origin, active, break_glass, last_seen } of await accountsSeenFrom(db, undefined)) {
      const roles = (held.get(id) ?? []).map(saidRole)
      const lastSeen = last_seen === null ? null : new Date(last_seen).toISOString()
      const facts = { name, display, email, origin, active: active === 1, breakGlass: break_glass === 1, roles, lastSeen }
      const line = `${plain(name).padEnd(16)}  ${active === 1 ? 'active' : 'ended '}  ${lastSeen ?? 'never seen'}  ${roles.join(', ')}`
      process.stdout.write(`${json ? JSON.stringify(facts) : line}\n`)
    }
  })
  return EXIT.ok
}

async function invite({ data, role, ...given }: Values, login: string): Promise<number> {
  const asked = { name: login, display: given.display, email: given.email ?? null, roles: role.map(roleOf) }
  const { name, display, email, roles } = checked(invitePersonSchema, asked)
  await withNewState(data, async (state, config) => {
    const made = await changeAccess(state, DEFAULT_SCOPE, async (db, now) => {
      const invited = await inviteAccount(db, { name, display, email, scope: DEFAULT_SCOPE, roles }, 'command line', now)
      return { result: invited, action: 'account.invite', body: { account: invited.id, name, roles: roles.map(saidRole) } }
    })
    process.stdout.write(`${linkAt(config, made.path)}\n`)
  })
  return EXIT.ok
}

async function reset({ data, factors }: Values, name: string): Promise<number> {
  await withState(data, async (state, config) => {
    const path = await changeAccess(state, DEFAULT_SCOPE, async (db, now) => {
      const account = await accountNamed(db, name)
      if (account.origin !== 'local' || account.break_glass === 1 || account.active !== 1) {
        throw new KanpekiError('conflict', `The password of ${name} is not kept here, or the account has ended.`)
      }
      const link = await makeLink(db, 'reset', account, 'command line', now, factors)
      return { result: link.path, action: 'account.reset', body: { account: account.id, name, factors } }
    })
    process.stdout.write(`${linkAt(config, path)}\n`)
  })
  return EXIT.ok
}

async function end({ data }: Values, name: string): Promise<number> {
  const done = await withState(data, (state) =>
    changeAccess(state, DEFAULT_SCOPE, async (db, now) => {
      const account = await accountNamed(db, name)
      const gone = await endAccount(db, account.id, now)
      await deleteLinks(db, account.id)
      const rotate = (await ingestTokensOf(db, account.id)).map((token) => ({ id: token.id, name: token.name }))
      const body = {
        account: account.id,
        name,
        sessions: gone.sessions,
        tokens: [...gone.tokens],
        rotate: rotate.map(({ id }) => id),
      }
      return { result: { gone, rotate }, action: 'account.end', body }
    }),
  )
  const { gone, rotate } = done
  process.stdout.write(`${name} has ended, with ${gone.sessions} sessions and ${gone.tokens.length} tokens.\n`)
  for (const token of rotate) process.stdout.write(`rotate the ingest token ${token.id} (${token.name})\n`)
  return EXIT.ok
}

const ACTIONS: Readonly<Record<string, (values: Values, name: string) => Promise<number>>> = { invite, reset, end }

export function peopleCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      data: { type: 'string', default: './data' },
      json: { type: 'boolean', default: false },
      role: { type: 'string', multiple: true, default: [] },
      display: { type: 'string', default: '' },
      email: { type: 'string' },
      factors: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [action = '', name] = positionals
      takesAtMost(action === 'list' ? 1 : 2, positionals, USAGE)
      if (action === 'list') return await list(values)
      const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
      if (run === undefined) throw new KanpekiError('usage', 'What shall be done?', { remedy: `\n${USAGE}` })
      if (name === undefined) throw new KanpekiError('usage', 'Whose account? Give the name.', { remedy: `\n${USAGE}` })
      return await run(values, name)
    },
  )
}
