/** What a statement does, in ECS words. */
export interface SqlKind {
  readonly action: string
  readonly category: readonly string[]
  readonly type: readonly string[]
}

const DATABASE = ['database']
const ACCOUNTS = ['database', 'iam']

function plain(action: string, type: string): SqlKind {
  return { action, category: DATABASE, type: [type] }
}

const VERBS: ReadonlyMap<string, SqlKind> = new Map([
  ['select', plain('sql-read', 'access')],
  ['with', plain('sql-read', 'access')],
  ['show', plain('sql-read', 'access')],
  ['table', plain('sql-read', 'access')],
  ['copy', plain('sql-copy', 'access')],
  ['load', plain('sql-copy', 'change')],
  ['insert', plain('sql-write', 'change')],
  ['update', plain('sql-write', 'change')],
  ['replace', plain('sql-write', 'change')],
  ['merge', plain('sql-write', 'change')],
  ['delete', plain('sql-delete', 'deletion')],
  ['truncate', plain('sql-delete', 'deletion')],
  ['create', plain('sql-create', 'creation')],
  ['alter', plain('sql-alter', 'change')],
  ['drop', plain('sql-drop', 'deletion')],
])

const OTHER = plain('sql-statement', 'info')
const GRANT: SqlKind = { action: 'sql-grant', category: ACCOUNTS, type: ['admin', 'change'] }
const REVOKE: SqlKind = { action: 'sql-revoke', category: ACCOUNTS, type: ['admin', 'change'] }
const ACCOUNT: ReadonlyMap<string, SqlKind> = new Map([
  ['create', { action: 'added-user-account', category: ACCOUNTS, type: ['user', 'creation'] }],
  ['alter', { action: 'modified-user-account', category: ACCOUNTS, type: ['user', 'change'] }],
  ['drop', { action: 'deleted-user-account', category: ACCOUNTS, type: ['user', 'deletion'] }],
])

const FIRST = /^[\s(]*(?:\/\*.{0,200}?\*\/\s*)?([A-Za-z]+)(?:\s+(?:or\s+replace\s+)?([A-Za-z]+))?/i

/** By the first words of a statement; nothing of it is run or parsed further. */
export function sqlKind(statement: string): SqlKind {
  const match = FIRST.exec(statement.slice(0, 500))
  const verb = match?.[1]?.toLowerCase() ?? ''
  const object = match?.[2]?.toLowerCase() ?? ''
  if (verb === 'grant') return GRANT
  if (verb === 'revoke') return REVOKE
  if (object === 'role' || object === 'user' || object === 'group') return ACCOUNT.get(verb) ?? VERBS.get(verb) ?? OTHER
  return VERBS.get(verb) ?? OTHER
}
