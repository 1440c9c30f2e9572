import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { codeOf } from '../../platform/testing/code-of.ts'
import { scoreCvss } from './score.ts'

const folder = sharedData('vuln/cvss')

/** `VECTOR - (base, temporal, environmental)`, `VECTOR - (score,)` or `VECTOR - score`; None where no metric of a group is given. */
function* vectors(): Generator<{ readonly place: string; readonly vector: string; readonly wanted: readonly (number | null)[] }> {
  for (const file of readdirSync(folder!).sort())
    for (const [line, text] of readFileSync(join(folder!, file), 'utf8').split('\n').entries()) {
      const [vector, scores] = text.split(' - ')
      if (vector === undefined || scores === undefined) continue
      const wanted = scores
        .replace(/[()\s]/g, '')
        .split(',')
        .filter((one) => one !== '')
      yield { place: `${file}:${line + 1}`, vector, wanted: wanted.map((one) => (one === 'None' ? null : Number(one))) }
    }
}

describe.skipIf(folder === undefined)('CVSS vectors (needs ../shared/data)', () => {
  it('scores every vector as the reference does', () => {
    const wrong: string[] = []
    let count = 0
    for (const { place, vector, wanted } of vectors()) {
      count += 1
      const { version, base, temporal, environmental, score } = scoreCvss(vector)
      const got = version === '4.0' ? [score] : [base, temporal, environmental]
      // The reference gives every group of version 3 a score, whether or not one of its metrics is given: what is not
      // given weighs as CR:M does.
      const filled =
        version[0] === '3'
          ? [base, temporal ?? base, environmental ?? scoreCvss(`${vector.split('/CR:')[0]}/CR:M`).environmental]
          : got
      const same = wanted.every((one, at) => one === filled[at])
      if (!same) wrong.push(`${place} ${vector}: ${filled.join(', ')} instead of ${wanted.join(', ')}`)
    }
    console.log(`${count} vectors, ${wrong.length} wrong`)
    expect(count).toBeGreaterThan(3_700)
    expect(wrong.slice(0, 10)).toEqual([])
  })
})

it.each([
  ['', "'' is no metric"],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H', 'wants A'],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X', 'has no A:X'],
  ['CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'AV is there twice'],
  ['CVSS:5.0/AV:N', 'there is no CVSS 5.0'],
  ['AV:N/AC:L/Au:N/C:N/I:N/A:C/ZZ:H', 'has no ZZ'],
])('refuses %s and says why', (vector, reason) => {
  expect(() => scoreCvss(vector)).toThrow(reason)
  expect(codeOf(() => scoreCvss(vector))).toBe('cvss_invalid')
})
