import { messageOf } from '../../../kernel/error.ts'
import { EXTENSION_KEY, type Playbook, type PlaybookTest } from '../language/form.ts'
import { asText } from '../language/values.ts'
import { Stopped, Suspended, walk } from './walk.ts'

export interface TestResult {
  readonly name: string
  readonly passed: boolean
  readonly expected: string[]
  readonly went: string[]
  /** Why it did not end as expected, where the way was right. */
  readonly reason: string | null
}

/** Walks a playbook as its tests say, without doing anything: steps succeed, or end as the test says. */
export async function runTests(
  playbook: Playbook,
  others: (id: string) => Playbook | undefined = () => undefined,
): Promise<readonly TestResult[]> {
  const results: TestResult[] = []
  for (const test of playbook.tests) results.push(await runTest(playbook, test, others))
  return results
}

async function runTest(
  playbook: Playbook,
  test: PlaybookTest,
  others: (id: string) => Playbook | undefined,
): Promise<TestResult> {
  const went: { readonly path: string; readonly id: string }[] = []
  const seen = { name: test.name, expected: test.expect }
  let result: 'done' | 'failed' = 'failed'
  let reason: string | null = null
  try {
    const walked = await walk(playbook, test.variables, {
      rounds: Number.POSITIVE_INFINITY,
      visited: (_, id, path) => {
        if (!path.includes('>/')) went.push({ path, id })
      },
      delayed: async () => {},
      playbook: async (step) => {
        const other = others(step.playbook_id)
        if (other !== undefined) return other
        throw new Stopped('not_found', `There is no playbook ${step.playbook_id}.`)
      },
      act: async (step, id, path) => {
        const outcome = path.includes('>/') ? undefined : test.outcomes[id]
        if (outcome === 'failure') return { ok: false, code: 'failure', message: `${id} fails, as the test says.` }
        const out = step[EXTENSION_KEY]?.out ?? Object.fromEntries((step.out_args ?? []).map((name) => [name, name.slice(2, -2)]))
        const output = Object.entries(out).flatMap(([name, field]): [string, string][] => {
          const value = outcome?.[field]
          return value === undefined ? [] : [[name, asText(value)]]
        })
        return { ok: true, output: Object.fromEntries(output) }
      },
    })
    result = walked.result
    if (walked.result === 'failed') reason = walked.message
  } catch (error) {
    if (error instanceof Suspended) throw error
    reason = messageOf(error)
  }
  const ids = went.map(({ id }) => id)
  const sameWay = ids.length === test.expect.length && ids.every((id, at) => id === test.expect[at])
  const passed = sameWay && result === test.result
  return { ...seen, went: ids, passed, reason: passed ? null : (reason ?? (sameWay ? `It ended as ${result}.` : null)) }
}
