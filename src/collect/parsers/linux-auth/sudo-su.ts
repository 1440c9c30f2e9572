import { type Draft, known } from '../../normalise/draft.ts'
import { baseName } from '../../normalise/path.ts'
import { classify, type MessageRule, type Outcome, setAuth, setUser } from './rule.ts'

/** `TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=…`: COMMAND is the last and may hold anything. */
function sudoFields(doc: Draft, user: string | undefined, fields: string, error: string | undefined): string | undefined {
  const start = fields.startsWith('COMMAND=') ? 0 : fields.indexOf(' ; COMMAND=')
  const command = start < 0 ? undefined : fields.slice(fields.indexOf('COMMAND=', start) + 8)
  const rest = start < 0 ? fields : fields.slice(0, start)
  const values = new Map<string, string>()
  for (const part of rest.split(' ; ')) {
    const equals = part.indexOf('=')
    if (equals > 0) values.set(part.slice(0, equals).trim(), part.slice(equals + 1))
  }
  const target = known(values.get('USER'))
  setUser(doc, user, target === undefined ? undefined : { effective: { name: target } })
  setAuth(doc, 'sudo', { tty: values.get('TTY'), pwd: values.get('PWD'), user: target, command, error })
  const line = known(command)
  if (line !== undefined) {
    const process = (doc['process'] ?? {}) as Draft
    const program = line.split(' ', 1)[0]!
    const directory = known(values.get('PWD'))
    doc['process'] = {
      ...process,
      name: baseName(program),
      executable: program,
      command_line: line,
      ...(directory === undefined ? {} : { working_directory: directory }),
      parent: { name: 'sudo' },
    }
    // The pid is sudo's.
    delete (doc['process'] as Draft)['pid']
  }
  return line
}

function su(action: string, outcome: Outcome, target: string | undefined, by: string | undefined, doc: Draft): void {
  classify(doc, action, 'authentication:start', outcome)
  setUser(doc, by, { effective: { name: target ?? '' } })
}

export const sudoRules: readonly MessageRule[] = [
  {
    starts: '',
    pattern: /^\s*(\S+) : ((?:TTY|PWD|USER|HOST|GROUP|CHROOT|TSID|ENV|COMMAND)=.*)$/s,
    apply([, user, fields = ''], doc) {
      classify(doc, 'sudo_command', 'process:start', 'success')
      sudoFields(doc, user, fields, undefined)
    },
  },
  {
    starts: '',
    pattern: /^\s*(\S+) : (\d+ incorrect password attempts?|a password is required) ; (.*)$/s,
    apply([, user, error, fields = ''], doc) {
      classify(doc, 'sudo_auth_failure', 'authentication:start', 'failure')
      sudoFields(doc, user, fields, error)
    },
  },
  {
    starts: '',
    pattern: /^\s*(\S+) : (user NOT in sudoers|user NOT authorized on host|command not allowed|[^;=]{1,100}?) ; (.*)$/s,
    apply([, user, error, fields = ''], doc) {
      classify(doc, 'sudo_denied', 'iam:denied', 'failure')
      sudoFields(doc, user, fields, error)
    },
  },
]

export const suRules: readonly MessageRule[] = [
  {
    starts: 'Successful su for ',
    pattern: /^Successful su for (\S+) by (\S+)/,
    apply([, target, by], doc) {
      su('su', 'success', target, by, doc)
    },
  },
  {
    starts: 'FAILED ',
    pattern: /^FAILED (?:su for (\S+) by (\S+)|SU \(to (\S+)\) (\S+) on )/,
    apply([, target, by, other, otherBy], doc) {
      su('su', 'failure', target ?? other, by ?? otherBy, doc)
    },
  },
  {
    // util-linux; shadow's `+ /dev/pts/0 bob:root` repeats what `Successful su` said.
    starts: '(to ',
    pattern: /^\(to (\S+)\) (\S+) on (\S+)/,
    apply([, target, by, tty], doc) {
      su('su', 'success', target, by, doc)
      setAuth(doc, 'su', { tty })
    },
  },
  {
    starts: '',
    pattern: /^([+-]) (\S+) (\S+?):(\S+)$/,
    apply([, sign, tty, by, target], doc) {
      classify(doc, 'su', 'authentication:info', sign === '+' ? 'success' : 'failure')
      setUser(doc, by, { effective: { name: target ?? '' } })
      setAuth(doc, 'su', { tty })
    },
  },
]
