import type { JsonObject } from '../../kernel/json.ts'
import type { AttemptSignal, LoginOutcome, RaisedSignal } from './judge.ts'
import type { Answer } from './settings.ts'

export interface ToldAttempt {
  /** RFC 3339, UTC. */
  readonly time: string
  readonly reference: string
  readonly login: string
  readonly account: string
  readonly client: string
  readonly agent: string
  readonly fingerprint: string
  readonly host: string | undefined
  readonly path: string
  readonly outcome: LoginOutcome
  readonly status: number
  readonly signals: readonly AttemptSignal[]
  readonly answer: Answer | undefined
  readonly isCarriedOut: boolean
  readonly isLeaked: boolean
}

/** An attempt as an ECS event (`event.dataset: waf.login`). */
export function loginEvent(told: ToldAttempt): JsonObject {
  const { outcome, answer, isCarriedOut, signals, status } = told
  const isStopped = isCarriedOut && (answer === 'block' || answer === 'challenge')
  return {
    '@timestamp': told.time,
    event: {
      kind: 'event',
      module: 'waf',
      dataset: 'waf.login',
      action: isStopped ? `login-${answer === 'block' ? 'blocked' : 'challenged'}` : 'login-attempt',
      category: ['authentication'],
      type: isStopped ? ['start', 'denied'] : ['start'],
      // What was stopped is no failed login: nobody checked the password.
      outcome,
    },
    ...common(told),
    ...(status === 0 ? {} : { http: { request: { id: told.reference }, response: { status_code: status } } }),
    ...(told.agent === '' ? {} : { user_agent: { original: told.agent } }),
    waf: {
      login: {
        name: told.login,
        fingerprint: told.fingerprint,
        ...(signals.length === 0 ? {} : { signals: [...signals] }),
        ...(answer === undefined ? {} : { answer, carried_out: isCarriedOut }),
        ...(told.isLeaked ? { leaked_password: true } : {}),
      },
    },
  }
}

function common({ account, client, host, path }: Pick<ToldAttempt, 'account' | 'client' | 'host' | 'path'>): JsonObject {
  return {
    source: { ip: client },
    ...(account === '' ? {} : { user: { name: account } }),
    related: { ip: [client], ...(account === '' ? {} : { user: [account] }) },
    url: { path, ...(host === undefined ? {} : { domain: host }) },
  }
}

const TECHNIQUES: Readonly<Record<string, { readonly id: string; readonly name: string }>> = {
  'brute-force': { id: 'T1110.001', name: 'Password Guessing' },
  spraying: { id: 'T1110.003', name: 'Password Spraying' },
  stuffing: { id: 'T1110.004', name: 'Credential Stuffing' },
}

/** A signal that became true, as an ECS event (`event.dataset: waf.signal`). */
export function signalEvent(
  raised: RaisedSignal,
  about: Pick<ToldAttempt, 'time' | 'account' | 'client' | 'host' | 'path'>,
): JsonObject {
  const { signal, address, network, fingerprint, isAccount } = raised
  const kind = Object.keys(TECHNIQUES).find((each) => signal.includes(each))
  const technique = kind === undefined ? undefined : TECHNIQUES[kind]
  return {
    '@timestamp': about.time,
    event: {
      kind: 'alert',
      module: 'waf',
      dataset: 'waf.signal',
      action: `login-${signal}`,
      category: ['authentication', 'intrusion_detection'],
      type: ['info'],
    },
    ...(technique === undefined ? {} : { threat: { technique: { id: [technique.id], name: [technique.name] } } }),
    ...(address === undefined ? {} : { source: { ip: address }, related: { ip: [address] } }),
    ...(isAccount && about.account !== '' ? { user: { name: about.account } } : {}),
    url: { path: about.path, ...(about.host === undefined ? {} : { domain: about.host }) },
    waf: {
      login: {
        name: raised.login,
        signal,
        failures: raised.failures,
        accounts: raised.accounts,
        ...(network === undefined ? {} : { network }),
        ...(fingerprint === undefined ? {} : { fingerprint }),
        ...(raised.forgotten === 0 ? {} : { forgotten: raised.forgotten }),
      },
    },
  }
}
