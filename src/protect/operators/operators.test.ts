import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { PatternSet } from '../../platform/regex/pattern-set.ts'
import { readVectors, type Vector } from '../testing/vectors.ts'
import type { OperatorContext, Test } from './operator.ts'
import { operators } from './registry.ts'

const data = sharedData('waf/secrules/operators')
const context: OperatorContext = { readData: (name) => readFileSync(join(data!, 'op', basename(name)), 'latin1') }

/** Why an operator's vectors are left out. */
const LEFT_OUT: Readonly<Record<string, string>> = { geoLookup: 'there is no data base of places' }

function verdict({ name, param = '', input, ret, re_groups }: Vector): string | undefined {
  const operator = operators[name.toLowerCase()]
  if (operator === undefined) return 'no such operator'
  let compiled: Test
  try {
    compiled = operator.compile(param, context)
  } catch (error) {
    // A rule that is refused when it is loaded finds nothing.
    return error instanceof KanpekiError && ret === 0 ? undefined : messageOf(error)
  }
  const found = compiled(input)
  if ((found !== undefined) !== (ret === 1)) return found === undefined ? 'not found' : 'found'
  // The published groups of `rxGlobal` are those of the first matches.
  const groups = name === 'rxGlobal' ? found?.groups?.slice(0, re_groups?.length) : found?.groups
  if (re_groups !== undefined && JSON.stringify(groups) !== JSON.stringify(re_groups)) return JSON.stringify(groups)
  const known = compiled.occurs === undefined ? true : new PatternSet([compiled.occurs]).occurs(input)
  return found !== undefined && known !== true ? 'passed over by what must occur' : undefined
}

describe('operators', () => {
  test.skipIf(data === undefined)('answer each vector of the published tests as it says', () => {
    const vectors = readVectors(data!).filter(({ name }) => LEFT_OUT[name] === undefined)
    const wrong = vectors.flatMap((vector) => {
      const reason = verdict(vector)
      return reason === undefined ? [] : [{ ...vector, reason }]
    })
    console.log(
      `${vectors.length - wrong.length} of ${vectors.length} vectors of operators pass (left out: ${JSON.stringify(LEFT_OUT)})`,
    )
    expect(wrong).toEqual([])
    expect(vectors.length).toBeGreaterThan(3900)
  })

  test('that need what cannot be had are refused with a reason', () => {
    const refused = ['geolookup', 'rbl', 'gsblookup', 'inspectfile', 'validateschema']
    for (const name of refused) expect(() => operators[name]!.compile('', context), name).toThrow(KanpekiError)
  })

  test.each(['126-32', '32-300', '5-', '256'])('no byte is in %s', (range) => {
    expect(() => operators['validatebyterange']!.compile(`9,${range}`, context)).toThrow(/no range of bytes/)
  })
})
