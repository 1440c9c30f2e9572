import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { JsonObject } from '../../kernel/json.ts'
import type { Collector } from '../collector.ts'
import type { Difference } from '../kept.ts'
import { inventoryCollector, typeOf } from './inventory.ts'

// What decides who may do what on a host, and what starts by itself: each thing by its name, its change an event of its own.

const MOST_BYTES = 1_000_000

const read = (path: string): string => {
  try {
    return lstatSync(path).size > MOST_BYTES ? '' : readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const list = (path: string): readonly string[] => {
  try {
    return readdirSync(path).toSorted()
  } catch {
    return []
  }
}

/** Lines that say something, without the blanks around them. */
const rules = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

interface Account {
  readonly name: string
  readonly fields: readonly string[]
}

/** Lines of a file with colons, by their first field. */
function accounts(file: string): readonly Account[] {
  return rules(read(file)).flatMap((line) => {
    const [name = '', ...fields] = line.split(':')
    return name === '' || fields.length < 2 ? [] : [{ name, fields }]
  })
}

/**
 * Accounts by name: number, group, home, shell, and of /etc/shadow whether a password opens it and the day of its last change;
 * the hash itself is not kept.
 */
export function readUsers(root: string): Map<string, string> {
  const shadows = new Map(accounts(join(root, 'etc/shadow')).map(({ name, fields }) => [name, fields] as const))
  return new Map(
    accounts(join(root, 'etc/passwd')).map(({ name, fields }) => {
      const [, uid = '', gid = '', , home = '', shell = ''] = fields
      const [secret, changed = ''] = shadows.get(name) ?? []
      const password = secret === undefined ? '' : secret === '' ? 'none' : /^[!*]/.test(secret) ? 'locked' : 'set'
      return [name, [uid, gid, home, shell, password, changed].join(':')] as const
    }),
  )
}

/** Groups by name: number and members. */
export function readGroups(root: string): Map<string, string> {
  return new Map(
    accounts(join(root, 'etc/group')).map(({ name, fields }) => [name, `${fields[1] ?? ''}:${fields[2] ?? ''}`] as const),
  )
}

/** What `sudo` allows, line by line, as `FILE: RULE`. */
export function readSudoers(root: string): Map<string, string> {
  const files = ['etc/sudoers', ...list(join(root, 'etc/sudoers.d')).map((name) => `etc/sudoers.d/${name}`)]
  return new Map(
    // A # before digits is a user's number there, and `#include` is no comment.
    files.flatMap((file) =>
      read(join(root, file))
        .replaceAll('\\\n', ' ')
        .split('\n')
        .map((line) => line.trim().replaceAll(/\s+/g, ' '))
        .filter((line) => line !== '' && !/^#(?!include|[0-9])/.test(line))
        .map((line) => [`/${file}: ${line}`, ''] as const),
    ),
  )
}

const KEY = /(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*))?$/

/** Keys that open an account over SSH, as `USER FINGERPRINT` → kind, what stands before the key, comment (sshd(8), AUTHORIZED_KEYS). */
export function readAuthorizedKeys(root: string): Map<string, string> {
  return new Map(
    accounts(join(root, 'etc/passwd')).flatMap(({ name, fields }) => {
      const home = fields[4] ?? ''
      if (home === '' || home === '/' || home === '/nonexistent') return []
      return ['authorized_keys', 'authorized_keys2'].flatMap((file) =>
        rules(read(join(root, home, '.ssh', file))).flatMap((line) => {
          const found = KEY.exec(line)
          if (found === null) return []
          const [, kind = '', key = '', comment = ''] = found
          const fingerprint = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')
          return [[`${name} SHA256:${fingerprint}`, [kind, line.slice(0, found.index).trim(), comment].join(' ').trim()] as const]
        }),
      )
    }),
  )
}

/** Jobs of cron: lines of tables as `FILE: LINE`, scripts of the periodic folders as their path → SHA-256. */
export function readCron(root: string): Map<string, string> {
  const tables = ['etc/crontab', 'etc/anacrontab']
  for (const folder of ['etc/cron.d', 'var/spool/cron', 'var/spool/cron/crontabs', 'var/spool/cron/tabs'])
    tables.push(...list(join(root, folder)).map((name) => `${folder}/${name}`))
  const lines = tables.flatMap((file) => rules(read(join(root, file))).map((line) => [`/${file}: ${line}`, ''] as const))
  const scripts = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'].flatMap((period) =>
    list(join(root, `etc/cron.${period}`))
      .filter((name) => name !== '.placeholder')
      .map((name) => [`/etc/cron.${period}/${name}`, digest(read(join(root, `etc/cron.${period}`, name)))] as const),
  )
  return new Map([...lines, ...scripts])
}

const UNIT_FOLDERS = [
  'etc/systemd/system',
  'etc/systemd/user',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'usr/lib/systemd/user',
  'lib/systemd/system',
]
const UNIT = /\.(?:service|timer|socket|path|mount|automount|target|conf)$/

/** Units, their drop-ins and what starts them (links in `*.wants` and `*.requires`), as their path → a link's end, or what it runs and a digest. */
export function unitReader(root: string): () => Map<string, string> {
  let kept = new Map<string, { readonly stamp: string; readonly mark: string }>()
  return () => {
    const now = new Map<string, { readonly stamp: string; readonly mark: string }>()
    const add = (path: string): void => {
      const file = join(root, path)
      const found = lstatSync(file, { throwIfNoEntry: false })
      if (found === undefined || found.isDirectory()) return
      const stamp = `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
      const known = kept.get(path)
      now.set(path, known?.stamp === stamp ? known : { stamp, mark: markOf(file, found.isSymbolicLink()) })
    }
    for (const folder of UNIT_FOLDERS)
      for (const name of list(join(root, folder))) {
        if (UNIT.test(name)) add(`/${folder}/${name}`)
        else if (/\.(?:wants|requires|d)$/.test(name))
          for (const inner of list(join(root, folder, name))) add(`/${folder}/${name}/${inner}`)
      }
    kept = now
    return new Map([...now].map(([path, { mark }]) => [path, mark] as const))
  }
}

function markOf(file: string, link: boolean): string {
  if (link) {
    try {
      return `-> ${readlinkSync(file)}`
    } catch {
      return '->'
    }
  }
  const text = read(file)
  const runs = [...text.matchAll(/^Exec(?:Start|StartPre|StartPost|Stop|Reload)\s*=\s*(.*)$/gm)].map(([, line = '']) => line)
  return `${runs.join('; ').slice(0, 1_000)} ${digest(text)}`.trim()
}

type Words = readonly [added: string, removed: string, changed: string]

interface Kind {
  readonly id: string
  readonly category: 'iam' | 'configuration'
  readonly types: readonly string[]
  readonly words: Words
  readonly read: (root: string) => () => Map<string, string>
  readonly fields: (change: Difference) => JsonObject
}

const each = (look: (root: string) => Map<string, string>) => (root: string) => (): Map<string, string> => look(root)

/** The object's text before and after, beside what ECS has a field for. */
const object = (kind: string, { name, before, after }: Difference): JsonObject => ({
  kanpeki_agent: {
    object: {
      kind,
      name,
      ...(before === undefined || before === '' ? {} : { before }),
      ...(after === undefined || after === '' ? {} : { after }),
    },
  },
})

const fileOf = (path: string): JsonObject => ({ file: { path, name: basename(path) } })
/** `FILE: LINE` as made above; a script is its path alone. */
const pathIn = (name: string): string => (name.includes(': ') ? name.slice(0, name.indexOf(': ')) : name)

const KINDS: readonly Kind[] = [
  {
    id: 'users',
    category: 'iam',
    types: ['user'],
    words: ['user-added', 'user-removed', 'user-changed'],
    read: each(readUsers),
    fields: (change) => ({
      user: { target: { name: change.name, id: (change.after ?? change.before ?? '').split(':')[0] ?? '' } },
      ...object('user', change),
    }),
  },
  {
    id: 'groups',
    category: 'iam',
    types: ['group'],
    words: ['group-added', 'group-removed', 'group-changed'],
    read: each(readGroups),
    fields: (change) => ({
      group: { name: change.name, id: (change.after ?? change.before ?? '').split(':')[0] ?? '' },
      ...object('group', change),
    }),
  },
  {
    id: 'sudoers',
    category: 'iam',
    types: ['admin'],
    words: ['sudo-rule-added', 'sudo-rule-removed', 'sudo-rule-changed'],
    read: each(readSudoers),
    fields: (change) => ({ ...fileOf(pathIn(change.name)), ...object('sudo-rule', change) }),
  },
  {
    id: 'authorized-keys',
    category: 'iam',
    types: ['user'],
    words: ['authorized-key-added', 'authorized-key-removed', 'authorized-key-changed'],
    read: each(readAuthorizedKeys),
    fields: (change) => ({
      user: { target: { name: change.name.slice(0, change.name.lastIndexOf(' ')) } },
      ...object('authorized-key', change),
    }),
  },
  {
    id: 'cron',
    category: 'configuration',
    types: [],
    words: ['cron-job-added', 'cron-job-removed', 'cron-job-changed'],
    read: each(readCron),
    fields: (change) => ({ ...fileOf(pathIn(change.name)), ...object('cron-job', change) }),
  },
  {
    id: 'units',
    category: 'configuration',
    types: [],
    words: ['unit-added', 'unit-removed', 'unit-changed'],
    read: unitReader,
    fields: (change) => ({ ...fileOf(change.name), ...object('unit', change) }),
  },
]

/** How often these are looked at where packages are every five minutes: files that change seldom, and are small. */
const OFTENER = 5

/** One collector for each kind of object. */
export function objectCollectors(root: string, everyMs: number): readonly Collector[] {
  return KINDS.map(({ id, category, types, words, read: reader, fields }) => {
    const look = reader(root)
    return inventoryCollector(
      {
        id,
        read: () => Promise.resolve(look()),
        event: (change) => ({
          event: {
            kind: 'event',
            category: [category],
            type: [...types, typeOf(change, ['creation', 'deletion', 'change'])],
            action: typeOf(change, words),
          },
          ...fields(change),
        }),
      },
      everyMs / OFTENER,
    )
  })
}
