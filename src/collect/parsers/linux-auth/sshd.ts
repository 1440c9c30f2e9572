import type { Draft } from '../../normalise/draft.ts'
import { classify, type MessageRule, type Outcome, setAuth, setSource, setUser } from './rule.ts'

// A user name is the client's to choose and may hold ` from 10.0.0.1 port 22`: the greedy group leaves it all in the name.

/** Only a decided attempt is `authentication:start`; the lines that go with it are `info`, so that nothing counts twice. */
function login(
  doc: Draft,
  outcome: Outcome,
  method: string | undefined,
  user: string | undefined,
  address: string | undefined,
  port: string | undefined,
): void {
  classify(doc, 'ssh_login', 'authentication:start', outcome)
  setUser(doc, user)
  setSource(doc, address, port)
  setAuth(doc, 'ssh', { event: outcome === 'success' ? 'Accepted' : 'Failed', method })
}

/** The end of a connection: `[invalid|authenticating ]user name address port n`, or the address alone. */
function ended(starts: string): readonly MessageRule[] {
  return [
    {
      starts,
      pattern: new RegExp(`^${starts}(?:(?:invalid|authenticating) )?user (.*) (\\S+) port (\\d+)`),
      apply([, user, address, port], doc) {
        classify(doc, 'ssh_disconnect', 'network:end,connection')
        setUser(doc, user)
        setSource(doc, address, port)
      },
    },
    {
      starts,
      pattern: new RegExp(`^${starts}(\\S+)(?: port (\\d+))?`),
      apply([, address, port], doc) {
        classify(doc, 'ssh_disconnect', 'network:end,connection')
        setSource(doc, address?.replace(/:$/, ''), port)
      },
    },
  ]
}

function probe(starts: string, pattern: RegExp): MessageRule {
  return {
    starts,
    pattern,
    apply([, address, port], doc) {
      classify(doc, 'ssh_probe', 'network:connection,denied', 'failure')
      setSource(doc, address, port)
    },
  }
}

export const sshdRules: readonly MessageRule[] = [
  {
    starts: 'Accepted ',
    pattern: /^Accepted (\S+) for (.*) from (\S+) port (\d+)(?: ssh\d?)?(?:: (.*))?$/,
    apply([, method, user, address, port, signature], doc) {
      login(doc, 'success', method, user, address, port)
      setAuth(doc, 'ssh', { event: 'Accepted', method, signature })
    },
  },
  {
    starts: 'Failed ',
    pattern: /^Failed (\S+) for (invalid user )?(?:(.*) )?from (\S+) port (\d+)(?: ssh\d?)?(?:: .*)?$/,
    apply([, method, invalid, user, address, port], doc) {
      login(doc, 'failure', method, user, address, port)
      if (invalid !== undefined) (doc['event'] as Draft)['reason'] = 'User name does not exist'
    },
  },
  {
    starts: 'Invalid user ',
    pattern: /^Invalid user (?:(.*) )?from (\S+)(?: port (\d+))?$/,
    apply([, user, address, port], doc) {
      classify(doc, 'ssh_invalid_user', 'authentication:info', 'failure')
      setUser(doc, user)
      setSource(doc, address, port)
      setAuth(doc, 'ssh', { event: 'Invalid' })
    },
  },
  {
    starts: 'input_userauth_request: invalid user ',
    pattern: /^input_userauth_request: invalid user (.*?)(?: \[preauth\])?$/,
    apply([, user], doc) {
      classify(doc, 'ssh_invalid_user', 'authentication:info', 'failure')
      setUser(doc, user)
    },
  },
  {
    starts: '',
    pattern: /^(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?(.*) from (\S+) port (\d+)/,
    apply([, user, address, port], doc) {
      classify(doc, 'ssh_max_attempts', 'authentication:info,denied', 'failure')
      setUser(doc, user)
      setSource(doc, address, port)
    },
  },
  {
    starts: 'Disconnecting',
    pattern: /^Disconnecting(?: (?:(?:invalid|authenticating) user )?(.*) (\S+) port (\d+))?: Too many authentication failures/,
    apply([, user, address, port], doc) {
      classify(doc, 'ssh_max_attempts', 'authentication:info,denied', 'failure')
      setUser(doc, user)
      setSource(doc, address, port)
    },
  },
  {
    starts: 'User ',
    pattern: /^User (.*) from (\S+) not allowed because (.*)$/,
    apply([, user, address, reason], doc) {
      classify(doc, 'ssh_denied', 'authentication:info,denied', 'failure')
      setUser(doc, user)
      setSource(doc, address)
      if (reason !== undefined) (doc['event'] as Draft)['reason'] = reason
    },
  },
  {
    starts: 'Starting session: ',
    pattern: /^Starting session: (\S+) .{0,60}?\bfor (.*) from (\S+) port (\d+)/,
    apply([, kind, user, address, port], doc) {
      classify(doc, 'ssh_session', 'session:start', 'success')
      setUser(doc, user)
      setSource(doc, address, port)
      setAuth(doc, 'ssh', { session: kind })
    },
  },
  {
    starts: 'Connection from ',
    pattern: /^Connection from (\S+) port (\d+) on (\S+) port (\d+)/,
    apply([, address, port], doc) {
      classify(doc, 'ssh_connect', 'network:start,connection')
      setSource(doc, address, port)
    },
  },
  ...ended('Disconnected from '),
  ...ended('Connection closed by '),
  ...ended('Connection reset by '),
  ...ended('Received disconnect from '),
  probe('Did not receive identification string', /^Did not receive identification string from (\S+)(?: port (\d+))?/),
  probe('Bad protocol version', /^Bad protocol version identification '.*' from (\S+) port (\d+)/),
  probe('banner exchange', /^banner exchange: Connection from (\S+) port (\d+): /),
  probe('', /^(?:fatal: |error: )?(?:Unable to negotiate with|ssh_dispatch_run_fatal: Connection from) (\S+) port (\d+)/),
  probe('error: kex_', /^error: kex_exchange_identification: .*?(?:from (\S+) port (\d+))?$/),
  {
    starts: '',
    pattern: /^(?:fatal: )?Timeout before authentication for (?:connection from )?(\S+?)(?: port (\d+))?(?: to .*|, pid.*)?\.?$/,
    apply([, address, port], doc) {
      classify(doc, 'ssh_timeout', 'network:end,connection', 'failure')
      setSource(doc, address, port)
    },
  },
]
