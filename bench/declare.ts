import { join } from 'node:path'
import { readCard } from '../src/declare/load.ts'
import { migrations } from '../src/declare/migrations.ts'
import { allCards } from '../src/declare/queries.ts'
import { runEvaluation } from '../src/declare/run.ts'
import { externalMeasures } from '../src/declare/series/measures.ts'
import { saveSeries } from '../src/declare/series/queries.ts'
import { giveSample } from '../src/declare/series/sample.ts'
import type { DeclareTables } from '../src/declare/tables.ts'
import { adoptCards } from '../src/declare/versions.ts'
import type { Measure } from '../src/kernel/measure.ts'
import { openState } from '../src/platform/state/state.ts'
import { withdrawByEvent } from '../src/server/testing/withdraw-by-event.ts'
import { temporaryFolder } from '../test/support/kanpeki.ts'
import type { BenchResult } from './result.ts'

const CARDS = 1000
const OBJECTIVES = 10
/** What it may take to judge all of them again. */
const LIMIT_S = 5
const T0 = Date.UTC(2026, 10, 22)

/**
 * The five seconds that 1,000 cards of ten objectives each may take to be measured and judged again, each objective asking
 * something of its own, against what it took where every figure had changed. On standard error: the same where none had,
 * where one had, and the first time; and how long a server takes from an event that a card forbids to the withdrawn badge.
 */
export async function declare(): Promise<BenchResult> {
  const folder = temporaryFolder()
  let now = T0
  const clock = { now: () => now }
  const state = await openState({ path: join(folder.path, 'state.db') }, migrations, clock)
  try {
    const measures: readonly Measure[] = externalMeasures(state)
    const known = new Map(measures.map((measure) => [measure.id, measure]))
    const ids = Array.from({ length: CARDS * OBJECTIVES }, (_, at) => `figure-${at}`)
    const push = async (some: readonly string[], value: number): Promise<void> => {
      for (let at = 0; at < some.length; at += 1000)
        await state.transaction<DeclareTables, void>(async (trx) => {
          for (const series of some.slice(at, at + 1000)) {
            const sample = { value, good: 0, bad: 0, unknown: 0, detail: {} }
            await giveSample(trx, { scope: 'default', series, by: 'bench', sample }, clock)
          }
        })
    }
    await state.transaction<DeclareTables, void>(async (trx) => {
      for (const id of ids) await saveSeries(trx, seriesRow(id))
      const cards = Array.from({ length: CARDS }, (_, at) => readCard(cardText(at), `card-${at}.yml`, known))
      await adoptCards(
        trx,
        cards.flatMap((card) => ('problems' in card ? [] : [card])),
        now,
      )
    })
    const run = async (what: string): Promise<number> => {
      now += 61_000
      const before = process.cpuUsage()
      const started = performance.now()
      await runEvaluation({ state, clock, measures })
      const seconds = (performance.now() - started) / 1000
      const { user, system } = process.cpuUsage(before)
      process.stderr.write(`${what.padEnd(28)} ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU\n`)
      return seconds
    }
    await push(ids, 95)
    await run('the first time')
    await run('nothing changed')
    now += 1000
    await push(ids.slice(0, 1), 96)
    await run('one figure changed')
    now += 1000
    await push(ids, 97)
    const all = await run('every figure changed')
    const judged = (await allCards(state.tables<DeclareTables>())).filter(({ evaluated_at }) => evaluated_at === now).length
    if (judged !== CARDS) throw new Error(`${judged} of ${CARDS} cards were judged`)
    const rssMb = process.memoryUsage().rss / 1e6
    const { tookMs } = await withdrawByEvent()
    process.stderr.write(`from an event at the door to the badge withdrawn: ${(tookMs / 1000).toFixed(2)} s\n`)
    return { name: 'declare', ratio: LIMIT_S / all, numerator: LIMIT_S, denominator: all, unit: 's', rssMb }
  } finally {
    await state.close()
    folder.remove()
  }
}

function seriesRow(id: string) {
  return {
    ...{ scope: 'default', id, unit: 'percent' as const, title_en: id, title_ja: id, definition: '', pull: null, secret: null },
    ...{ by_name: 'bench', created: T0, asked_at: null, failing_since: null, fault: null },
  }
}

function cardText(at: number): string {
  const objectives = Array.from(
    { length: OBJECTIVES },
    (_, n) =>
      `  - { id: o${n}, title: { en: Figure ${n}, ja: 計測${n} }, measure: external.percent, params: { series: figure-${at * OBJECTIVES + n} }, comparator: ">=", target: 90, margin: 1, window: P7D, maxEvidenceAge: P1D }`,
  )
  return `id: card-${at}
version: 2026.11.01
name: { en: Card ${at}, ja: 宣言${at} }
owner: bench
approvers: ["@admin"]
scope: { description: { en: Bench, ja: 計測 } }
threats: { in: [{ en: Outsiders, ja: 外部 }] }
objectives:
${objectives.join('\n')}
period: P7D
validity: { from: 2026-11-01, until: 2027-05-01 }
nextReview: 2026-12-01
withdrawal: [{ on: unmet, periods: 2 }]
`
}
