import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { backtrackingCost } from '../../platform/regex/analyse.ts'
import { readStatements } from '../seclang/words.ts'
import { bytePattern } from './byte-pattern.ts'

const crs = sharedData('crs/rules')
const own = globSync(fileURLToPath(new URL('../../../content/protect/*.conf', import.meta.url)))

/** The patterns of the `@rx` operators of rule files. */
function patternsOf(files: readonly string[]): string[] {
  return files.flatMap((file) =>
    [...readStatements(readFileSync(file, 'latin1'), file)].flatMap(({ words }) => {
      const [, pattern] = /^!?@rx ([\s\S]*)$/.exec(words[2] ?? '') ?? []
      return words[0] === 'SecRule' && pattern !== undefined && !pattern.includes('%{') ? [pattern] : []
    }),
  )
}

/** Texts that make patterns of firewalls try again and again, each repeated to its length. */
const HOSTILE = ['a', ' ', "'", '(', 'select ', '<a ', '/*', '${', ';\t', '1=']
const SHORT = 10_000

const repeated = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

describe('patterns of rule sets', () => {
  const patterns = [...new Set([...patternsOf(own), ...(crs === undefined ? [] : patternsOf(globSync(`${crs}/*.conf`)))])]
  const compiled = patterns.map(bytePattern)

  test('cost V8 at most a million steps, or are linear there; beyond, a linear engine takes over', () => {
    const onlyV8 = compiled.filter(({ longestOnV8 }) => longestOnV8 === Infinity)
    for (const { node, longestOnV8 } of compiled) {
      const { exponential, degree, factor } = backtrackingCost(node)
      if (longestOnV8 === Infinity) expect(!exponential && (degree === 0 || (degree === 1 && factor <= 64))).toBe(true)
      else if (!exponential) expect(factor * longestOnV8 ** degree).toBeLessThanOrEqual(1e6 * (1 + 1e-9))
    }
    console.log(
      `${compiled.length} patterns: ${onlyV8.length} linear on V8, ${compiled.length - onlyV8.length} on the linear engines for long values`,
    )
    expect(compiled.length).toBeGreaterThan(crs === undefined ? 60 : 350)
  })

  test('end on long hostile values', () => {
    let runs = 0
    for (const unit of HOSTILE) {
      const value = repeated(unit, SHORT)
      for (const pattern of compiled) {
        pattern.exec(value)
        runs += 1
      }
    }
    console.log(`${runs} runs over ${SHORT} hostile bytes each`)
    expect(runs).toBe(HOSTILE.length * compiled.length)
  })
})
