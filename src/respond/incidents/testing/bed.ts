import { fileURLToPath } from 'node:url'
import type { Caller, Route } from '../../../platform/http/route.ts'
import type { State } from '../../../platform/state/state.ts'
import { testCaller } from '../../../platform/testing/caller.ts'
import type { AlertSnapshot, DeliveryFate, IncidentDeps, IncidentEvent, IncidentRun, Telling } from '../deps.ts'
import { readPolicy } from '../policy.ts'
import { incidentRoutes } from '../routes.ts'
import type { IncidentDetail } from '../schema.ts'

export const POLICY = readPolicy(fileURLToPath(new URL('../../../../content/incidents/policy.yml', import.meta.url)))
export const MINUTE = 60_000
export const START = Date.UTC(2026, 10, 22, 9, 0)

/** What other rooms know, for a test of incidents. */
export interface IncidentBed {
  readonly deps: IncidentDeps
  readonly alerts: Map<string, AlertSnapshot>
  readonly events: Map<string, IncidentEvent>
  readonly told: Telling[]
  readonly fates: Map<string, DeliveryFate>
  readonly runs: IncidentRun[]
  /** Moves the clock. */
  wait(ms: number): void
  now(): number
  call(method: Route['method'], path: string, input?: CallInput): Promise<unknown>
  open(input: object, caller?: Caller): Promise<IncidentDetail>
  deed(id: string, deed: object, caller?: Caller): Promise<IncidentDetail>
}

export interface CallInput {
  readonly params?: object
  readonly query?: object
  readonly body?: object
  readonly caller?: Caller
}

export const sato = testCaller({ id: 'sato' })
export const mori = testCaller({ id: 'mori' })

export function alertOf(id: string, differs: Partial<AlertSnapshot> = {}): AlertSnapshot {
  return {
    id,
    rule: 'brute-force',
    title: { en: 'Brute force', ja: '総当たり攻撃' },
    severity: 1,
    entity: { kind: 'user', name: 'tanaka' },
    techniques: ['T1110'],
    events: [],
    firstObserved: START - 10 * MINUTE,
    raised: START - 4 * MINUTE,
    acknowledged: null,
    ...differs,
  }
}

export function incidentBed(state: State, more: (deps: IncidentDeps) => readonly Route[] = () => []): IncidentBed {
  const alerts = new Map<string, AlertSnapshot>()
  const events = new Map<string, IncidentEvent>()
  const told: Telling[] = []
  const fates = new Map<string, DeliveryFate>()
  const runs: IncidentRun[] = []
  let now = START
  const deps: IncidentDeps = {
    state,
    clock: { now: () => now },
    policy: POLICY,
    alerts: async (scope, ids) => (scope === 'default' ? ids.flatMap((id) => alerts.get(id) ?? []) : []),
    events: async (_scope, ids) => ids.flatMap((id) => events.get(id) ?? []),
    artefact: async (_scope, id) => (id === 'disk' ? { id, name: 'disk.img', sha256: 'ab'.repeat(32) } : undefined),
    channels: async () => [{ id: 'mail', name: 'Duty mail', kind: 'mail', enabled: true }],
    tell: async (_trx, message) => {
      told.push(message)
      const delivery = `msg_${told.length}`
      fates.set(delivery, { state: 'waiting', at: null, error: null })
      return { channel: 'Duty mail', delivery }
    },
    fates: async (ids) => new Map([...fates].filter(([id]) => ids.includes(id))),
    runs: async () => runs,
    ledgerIndexes: async (outbox) => new Map(outbox.map((one) => [one, one + 1000])),
    origin: () => 'https://soc.example.com',
    changed: () => {},
  }
  const all = [...incidentRoutes(deps), ...more(deps)]
  const call = async (
    method: Route['method'],
    path: string,
    { params = {}, query = {}, body = {}, caller = sato }: CallInput = {},
  ) => {
    const found = all.find((one) => one.method === method && one.path === path)
    if (found === undefined) throw new Error(`There is no route ${method} ${path}.`)
    const input = {
      params: found.params?.parse(params),
      query: found.query?.parse(query),
      body: found.body?.parse(body),
      caller,
      signal: new AbortController().signal,
    }
    const reply = await found.handle(input as never)
    return found.response !== undefined && (reply as { contentType?: string }).contentType === undefined
      ? found.response.parse(reply)
      : reply
  }
  return {
    ...{ deps, alerts, events, told, fates, runs, call },
    wait(ms) {
      now += ms
    },
    now: () => now,
    open: async (body, caller = sato) => (await call('POST', '/api/v1/incidents', { body, caller })) as IncidentDetail,
    deed: async (id, body, caller = sato) =>
      (await call('POST', '/api/v1/incidents/:id/deeds', { params: { id }, body, caller })) as IncidentDetail,
  }
}
