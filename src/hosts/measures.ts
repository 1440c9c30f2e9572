import type { Clock } from '../kernel/clock.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Measure } from '../kernel/measure.ts'
import { readJson } from '../platform/state/columns.ts'
import type { State } from '../platform/state/state.ts'
import { integrityViews } from './integrity.ts'
import { statusesOf } from './queries.ts'
import type { AgentStatus } from './schema.ts'
import type { HostTables } from './tables.ts'

export interface HostMeasuresDeps {
  readonly state: State
  readonly clock: Clock
  readonly agents: (scope: string) => Promise<readonly { readonly id: string; readonly name: string }[]>
  readonly labelsOf: (scope: string, name: string) => Promise<readonly string[]>
}

type MeasureInfo = Omit<Measure, 'measure'>

const NAMED_IN_EVIDENCE = 20

const UNVERIFIED: MeasureInfo = {
  id: 'hosts.unverified-changes',
  unit: 'count',
  title: { en: 'Unverified changes on hosts', ja: 'ホスト上の未確認の変更' },
  check: checkParams,
}

function checkParams(params: JsonObject): string | undefined {
  const known = ['hosts', 'label', 'frozen']
  const stray = Object.keys(params).find((key) => !known.includes(key))
  if (stray !== undefined) return `it has no parameter ${stray}; it knows ${known.join(', ')}`
  const { hosts, label, frozen } = params
  if (hosts !== undefined && !(Array.isArray(hosts) && hosts.length > 0 && hosts.every((one) => typeof one === 'string')))
    return 'hosts must be a list of names'
  if (label !== undefined && !(typeof label === 'string' && label.includes('='))) return 'label must be like env=production'
  return frozen === undefined || typeof frozen === 'boolean' ? undefined : 'frozen must be true or false'
}

/** What a card may name, for checking cards where no server runs. */
export const hostMeasureInfos = (): readonly MeasureInfo[] => [UNVERIFIED]

/**
 * Measures over hosts, for objectives of cards. A host that has not reported lately, or whose baseline nobody accepted, is
 * unknown: its silence is no pass.
 */
export function hostMeasures({ state, clock, agents, labelsOf }: HostMeasuresDeps): readonly Measure[] {
  return [
    {
      ...UNVERIFIED,
      async measure(params, _from, _to, scope) {
        const db = state.tables<HostTables>()
        const names = Array.isArray(params['hosts']) ? params['hosts'].map(String) : undefined
        const { label } = params
        const hostOf = new Map(
          (await statusesOf(db, scope)).map(({ agent, status }) => [agent, readJson<AgentStatus>(status).host]),
        )
        const covered: { id: string; name: string }[] = []
        for (const { id, name } of await agents(scope)) {
          const host = hostOf.get(id) ?? name
          if (names !== undefined && !names.includes(name) && !names.includes(host)) continue
          if (typeof label === 'string' && !(await labelsOf(scope, host)).includes(label)) continue
          covered.push({ id, name: host })
        }
        const absent = (names ?? []).filter((name) => !covered.some((one) => one.name === name)).length
        const views = new Map((await integrityViews(db, scope, covered, clock.now())).map((view) => [view.agent, view]))
        let good = 0
        let bad = 0
        let unknown = absent
        let asOf: number | undefined
        const changed: JsonObject[] = []
        const unproven: string[] = []
        for (const { id, name } of covered) {
          const view = views.get(id)
          if (params['frozen'] === true && view !== undefined && !view.report.frozen) continue
          if (view !== undefined) asOf = Math.min(asOf ?? Number.POSITIVE_INFINITY, Date.parse(view.at))
          if (view !== undefined && view.report.unverified > 0) {
            bad += view.report.unverified
            changed.push({ host: name, changes: view.report.unverified })
          } else if (view === undefined || view.stale || view.accepted === null) {
            unknown += 1
            unproven.push(name)
          } else good += 1
        }
        const proven = bad > 0 || (unknown === 0 && good > 0)
        return {
          value: proven ? bad : null,
          good,
          bad,
          unknown,
          evidence: {
            changed: changed.slice(0, NAMED_IN_EVIDENCE),
            unproven: unproven.slice(0, NAMED_IN_EVIDENCE),
            absent,
          },
          ...(asOf === undefined ? {} : { asOf }),
          ...(proven
            ? {}
            : {
                missing: {
                  en: 'A host has no accepted baseline, or its agent has not said lately how its files stand.',
                  ja: '承認済みのベースラインがないホスト、またはエージェントからの報告が途絶えているホストがあります。',
                },
              }),
        }
      },
    },
  ]
}
