import { type Draft, known } from '../../normalise/draft.ts'
import { classify, type MessageRule, setAuth, setUser } from './rule.ts'

export const cronRules: readonly MessageRule[] = [
  {
    starts: '(',
    pattern: /^\(([^)]*)\) CMD \((.*)\)$/s,
    apply([, user, command], doc) {
      classify(doc, 'cron_command', 'process:start', 'success')
      setUser(doc, user)
      const line = known(command?.trim())
      if (line !== undefined) doc['process'] = { command_line: line, parent: { name: 'cron' } }
    },
  },
  {
    starts: '(',
    pattern: /^\(([^)]*)\) (BEGIN EDIT|END EDIT|REPLACE|DELETE|LIST|RELOAD) \(([^)]*)\)/,
    apply([, user, what = '', owner], doc) {
      classify(doc, `crontab_${what.toLowerCase().replace(' ', '_')}`, 'configuration:change')
      setUser(doc, user)
      setAuth(doc, 'cron', { owner })
    },
  },
]

export const logindRules: readonly MessageRule[] = [
  {
    starts: 'New session ',
    pattern: /^New session '?(\S+?)'? of user '?(\S+?)'?(?: with class .*)?\.$/,
    apply([, session, user], doc) {
      classify(doc, 'session_opened', 'session:start', 'success')
      setUser(doc, user)
      setAuth(doc, 'session', { id: session })
    },
  },
  {
    starts: 'Removed session ',
    pattern: /^Removed session (\S+)\.$/,
    apply: ([, session], doc) => closed(doc, session),
  },
  {
    starts: 'Session ',
    pattern: /^Session (\S+) logged out/,
    apply: ([, session], doc) => closed(doc, session),
  },
]

function closed(doc: Draft, session: string | undefined): void {
  classify(doc, 'session_closed', 'session:end', 'success')
  setAuth(doc, 'session', { id: session })
}

/** login(1) on a console. */
export const loginRules: readonly MessageRule[] = [
  {
    starts: 'FAILED LOGIN ',
    pattern: /^FAILED LOGIN (?:SESSION )?\(\d+\) on '?([^']*?)'? (?:from '[^']*' )?FOR '?([^',]*)'?/,
    apply([, tty, user], doc) {
      classify(doc, 'login', 'authentication:start', 'failure')
      setUser(doc, user)
      setAuth(doc, 'login', { tty })
    },
  },
  {
    starts: '',
    pattern: /^(?:ROOT )?LOGIN ON (\S+)(?: BY (\S+))?/i,
    apply([, tty, user], doc) {
      classify(doc, 'login', 'authentication:start', 'success')
      setUser(doc, user ?? 'root')
      setAuth(doc, 'login', { tty })
    },
  },
]
