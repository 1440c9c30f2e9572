import type { Measure } from '../kernel/measure.ts'
import type { CardState } from './card-state.ts'
import type { Criterion } from './criteria.ts'
import type { Taken } from './judge.ts'
import { take, takeMany } from './take.ts'

/** How many measures are asked at once: the lake has few cores. */
const AT_ONCE = 16

/** Readings by scope and what was asked, see `answerKey`. */
export type Answers = ReadonlyMap<string, Taken>

export function answerKey(scope: string, spec: string): string {
  return `${scope} ${spec}`
}

interface Question {
  readonly key: string
  readonly scope: string
  readonly criterion: Criterion
}

/**
 * Asks every measure once for each different question of these cards: two that ask the same get the same answer. A
 * measure that can answer many questions together is asked once a scope. Never throws.
 */
export async function askAll(
  states: readonly CardState[],
  measures: ReadonlyMap<string, Measure>,
  now: number,
): Promise<Answers> {
  const questions = new Map<string, Question>()
  for (const { row, criteria, specs } of states)
    for (const criterion of criteria) {
      const key = answerKey(row.scope, specs.get(criterion.id) ?? '')
      if (!questions.has(key)) questions.set(key, { key, scope: row.scope, criterion })
    }
  const answers = new Map<string, Taken>()
  const jobs: (() => Promise<void>)[] = []
  const together = Map.groupBy([...questions.values()], ({ scope, criterion: { measure } }) =>
    measures.get(measure)?.measureMany === undefined ? '' : `${measure} ${scope}`,
  )
  for (const [group, asked] of together) {
    if (group !== '') {
      const { scope, criterion } = asked[0]!
      const measure = measures.get(criterion.measure)!
      jobs.push(async () => {
        const taken = await takeMany(
          asked.map((one) => one.criterion),
          measure,
          scope,
          now,
        )
        for (const [index, { key }] of asked.entries()) answers.set(key, taken[index]!)
      })
    } else
      for (const { key, scope, criterion } of asked)
        jobs.push(async () => {
          answers.set(key, await take(criterion, measures.get(criterion.measure), scope, now))
        })
  }
  await inTurns(jobs, AT_ONCE)
  return answers
}

async function inTurns(jobs: readonly (() => Promise<void>)[], width: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < jobs.length) await jobs[next++]!()
  }
  await Promise.all(Array.from({ length: Math.min(width, jobs.length) }, worker))
}
