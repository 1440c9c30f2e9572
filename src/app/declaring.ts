import { join } from 'node:path'
import { accessMeasures } from '../access/reviews/measures.ts'
import type { AccessTables } from '../access/tables.ts'
import { assessMeasures } from '../assess/inventory/measures.ts'
import { collectMeasures } from '../collect/completeness/measures.ts'
import type { CollectTables } from '../collect/tables.ts'
import { type Frameworks, loadFrameworks } from '../declare/frameworks/load.ts'
import { loadCards } from '../declare/load.ts'
import { forbiddenCountMeasure } from '../declare/measures.ts'
import type { BadgeChanged } from '../declare/record.ts'
import { runEvaluation } from '../declare/run.ts'
import type { CardProblem } from '../declare/schema.ts'
import { externalMeasures } from '../declare/series/measures.ts'
import { type PullDeps, pullDue } from '../declare/series/pull.ts'
import type { DeclareTables } from '../declare/tables.ts'
import { adoptCards } from '../declare/versions.ts'
import type { Attack } from '../detect/coverage-attack.ts'
import { detectMeasures } from '../detect/measures.ts'
import type { Scenario } from '../detect/scenarios/load.ts'
import { hostMeasures } from '../hosts/measures.ts'
import type { Clock } from '../kernel/clock.ts'
import type { RuleInfo } from '../kernel/detection.ts'
import { messageOf } from '../kernel/error.ts'
import type { Measure } from '../kernel/measure.ts'
import type { Lake } from '../platform/lake/lake.ts'
import type { Log } from '../platform/log.ts'
import type { State } from '../platform/state/state.ts'
import { protectMeasures } from '../protect/measures.ts'
import type { ProtectTables } from '../protect/tuning/tables.ts'
import { incidentMeasures } from '../respond/incidents/measures.ts'
import { assetMeasures } from './asset-coverage.ts'
import { agentsOf, labelsOf } from './host-agents.ts'
import { CONTENT } from './places.ts'
import { repeatEvery, repeatOrSooner } from './repeat.ts'

const PULL_EVERY_MS = 5_000

/** Often enough that a badge goes while somebody watches; sooner where events or figures came in. */
const EVALUATE_EVERY_MS = 10_000
const EVALUATE_SOONEST_MS = 1_500

export interface DeclaringDeps extends PullDeps {
  readonly state: State
  readonly lake: Lake
  readonly clock: Clock
  readonly log: Log
  readonly attack: Attack
  readonly rules: () => readonly RuleInfo[]
  readonly scenarios: () => readonly Scenario[]
  /** Folders of card files, read at start. */
  readonly folders: readonly string[]
  readonly changed: (changes: readonly BadgeChanged[]) => void
}

export interface Declaring {
  readonly measures: readonly Measure[]
  readonly problems: readonly CardProblem[]
  readonly frameworks: Frameworks
  /** Measures and judges every card now. */
  evaluate(): Promise<void>
  /** Something came in that may break an objective: judges soon. */
  poke(): void
  stop(): Promise<void>
}

/** Every measure that a card may name. */
export function allMeasures({
  state,
  lake,
  clock,
  attack,
  rules,
  scenarios,
}: Omit<DeclaringDeps, 'log' | 'folders' | 'changed' | 'outgoing' | 'sealer'>): readonly Measure[] {
  return [
    ...detectMeasures({ state, attack, rules, scenarios }),
    ...collectMeasures(state.tables<CollectTables>(), clock),
    forbiddenCountMeasure(lake),
    ...externalMeasures(state),
    ...assetMeasures(state),
    ...assessMeasures(state),
    ...protectMeasures(lake, (scope) => state.scoped<ProtectTables>(scope)),
    ...incidentMeasures(state),
    ...hostMeasures({ state, clock, agents: agentsOf(state), labelsOf: labelsOf(state) }),
    ...accessMeasures(state.tables<AccessTables>(), clock),
  ]
}

/** Takes the cards from their files and keeps judging all cards from then on. */
export async function startDeclaring(deps: DeclaringDeps): Promise<Declaring> {
  const { state, clock, log } = deps
  const measures = allMeasures(deps)
  const { cards, problems } = await loadCards(deps.folders, new Map(measures.map((measure) => [measure.id, measure])))
  for (const { file, line, message } of problems) log.warn('card refused', { place: `${file}:${line}`, reason: message })
  await state.transaction<DeclareTables, void>((trx) => adoptCards(trx, cards, clock.now()))
  const evaluate = async (): Promise<void> => {
    const changes = await runEvaluation({ state, clock, measures })
    if (changes.length > 0) deps.changed(changes)
  }
  const evaluating = repeatOrSooner(EVALUATE_EVERY_MS, EVALUATE_SOONEST_MS, evaluate, (error) =>
    log.error('judging the cards failed', { reason: messageOf(error) }),
  )
  const pulling = repeatEvery(
    PULL_EVERY_MS,
    () => pullDue(deps),
    (error) => log.error('asking for external figures failed', { reason: messageOf(error) }),
  )
  const stop = async (): Promise<void> => {
    await pulling.stop()
    await evaluating.stop()
  }
  const frameworks = await loadFrameworks(join(CONTENT, 'frameworks'))
  return { measures, problems, frameworks, evaluate, poke: evaluating.poke, stop }
}
