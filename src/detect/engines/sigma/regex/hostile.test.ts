import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../../../kernel/testing/shared-data.ts'
import { backtrackingCost } from '../../../../platform/regex/analyse.ts'
import { regexLiterals } from '../../../../platform/regex/literals.ts'
import { parseRegex } from '../../../../platform/regex/parse.ts'
import { longestForV8 } from '../../../../platform/regex/run.ts'
import type { Expression, RegexTest } from '../expression.ts'
import { loadRuleTexts } from '../load/load.ts'
import { loadRuleFiles } from '../load/read-files.ts'

/** Patterns that are known to have stopped servers, as their reports and the OWASP page on ReDoS write them, and kin of each. */
const CLASSICS: readonly (readonly [pattern: string, hostile: string])[] = [
  ['^(a+)+$', 'a'],
  ['(a+)+$', 'a'],
  ['([a-zA-Z]+)*$', 'a'],
  ['(a|aa)+$', 'a'],
  ['(a|a?)+$', 'a'],
  ['(.*a){12}$', 'a'],
  ['(?i)(A+)+$', 'a'],
  ['^(?:a?){30}a{30}$', 'a'],
  ['(x+x+)+y', 'x'],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
  ['^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@)[a-z0-9]+[.](([a-z]{2,3})|([a-z]{2,3}[.][a-z]{2,3}))$', 'a'],
  ['(\\w+\\s?)+$', 'a '],
  ['^(\\d+|\\w+)*$', '1'],
  ['^([^=]*=?)*;$', 'a='],
  ['((?:\\\\[a-z]+)+)+\\.exe$', '\\a'],
  ['(?:.|[\\r\\n])*?x(?:.|\\n)*y(?:.|\\n)*z', 'xy'],
  ['\\s*\\s*\\s*\\s*x', ' '],
  ['.*.*=.*', 'x'],
  ['(?s).*.*.*.*x', '\n'],
]

const LENGTH = 100_000
/** Seconds for all of them together; one evil pattern left to V8 takes longer than anybody waits. */
const DEADLINE = 90

const regexOf = (pattern: string): RegexTest => ({ kind: 'regex', pattern, insensitive: false, multiline: false, dotAll: false })

/** Runs each test on its texts in a thread that can be ended, and returns the pattern it hung on, if it did. */
async function hangsOn(
  jobs: readonly { readonly test: RegexTest; readonly texts: readonly string[] }[],
): Promise<string | undefined> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.module).then(({ runRegex }) => {
      for (const [at, { test, texts }] of workerData.jobs.entries()) {
        parentPort.postMessage(at)
        const run = runRegex(test)
        for (const text of texts) run(text, () => text.toLowerCase())
      }
      parentPort.postMessage(workerData.jobs.length)
    })`
  const worker = new Worker(code, {
    eval: true,
    workerData: { module: new URL('../../../../platform/regex/run.ts', import.meta.url).href, jobs },
  })
  let reached = 0
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, DEADLINE * 1000)
      worker.on('message', (at: number) => {
        reached = at
        if (at === jobs.length) resolve()
      })
      worker.on('error', reject)
      worker.on('exit', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  } finally {
    await worker.terminate()
  }
  return jobs[reached]?.test.pattern
}

describe('patterns that stop a backtracking engine', () => {
  test.each(CLASSICS)('%s is not left to V8 on a long text', (pattern) => {
    const parsed = parseRegex(regexOf(pattern))
    if ('fault' in parsed) throw new Error(parsed.fault.reason)
    expect(longestForV8(backtrackingCost(parsed.node))).toBeLessThan(LENGTH)
  })

  test(
    `end on ${LENGTH} hostile characters: ${CLASSICS.length} patterns`,
    async () => {
      const jobs = CLASSICS.map(([pattern, hostile]) => ({
        test: regexOf(pattern),
        texts: [`${hostile.repeat(LENGTH / hostile.length)}!`, hostile.repeat(LENGTH / hostile.length)],
      }))
      expect(await hangsOn(jobs)).toBeUndefined()
    },
    (DEADLINE + 10) * 1000,
  )

  test.each(['(?=(a+)+$)b', '(?<!(?:a|aa)+)c', '(?!(\\w+\\s?)+$)x'])(
    '%s is refused: the linear engine has no look-around',
    (pattern) => {
      const text = `title: x\nid: x\nlogsource: {product: test}\ndetection:\n  sel:\n    f|re: '${pattern}'\n  condition: sel\n`
      expect(loadRuleTexts([{ file: 'a.yml', text }]).refused).toMatchObject([{ code: 'regex-unsupported', line: 6 }])
    },
  )
})

function regexesOf(expression: Expression): RegexTest[] {
  switch (expression.kind) {
    case 'test':
    case 'keyword':
      return expression.test.kind === 'regex' ? [expression.test] : []
    case 'and':
    case 'or':
      return expression.items.flatMap(regexesOf)
    case 'not':
    case 'selection':
      return regexesOf(expression.item)
    default:
      return []
  }
}

/**
 * What a pattern likes to read, over and over: its own letters, spaces, digits and signs. A literal that every match must hold stands
 * in front and behind, or the text would never reach an engine.
 */
function hostileTexts(test: RegexTest): string[] {
  const letters = test.pattern.replaceAll(/\\[a-zA-Z]|[()[\]{}|?*+^$\\]/g, '')
  const needed = regexLiterals(test)?.[0] ?? ''
  return ['a', ' ', '"', '%', '-1 ', '{0}', 'a=', letters.slice(0, 40) || 'x'].map(
    (unit) => needed + unit.repeat(Math.ceil(20_000 / unit.length)) + needed,
  )
}

const rules = sharedData('sigma/rules')
const absent = rules === undefined ? ' (skipped: ../shared/data/sigma is absent)' : ''

test.skipIf(rules === undefined)(
  `SigmaHQ's expressions end on hostile texts${absent}`,
  async () => {
    const unique = new Map(
      loadRuleFiles([rules!])
        .rules.flatMap((rule) => regexesOf(rule.expression))
        .map((each) => [JSON.stringify(each), each]),
    )
    const jobs = [...unique.values()].map((each) => ({ test: each, texts: hostileTexts(each) }))
    process.stderr.write(`${jobs.length} expressions on ${jobs.length * 8} hostile texts\n`)
    expect(jobs.length).toBeGreaterThan(140)
    expect(await hangsOn(jobs)).toBeUndefined()
  },
  (DEADLINE + 10) * 1000,
)
