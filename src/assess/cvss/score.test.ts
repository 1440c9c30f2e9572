import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { scoreCvss, severityOf } from './score.ts'
import { readEnvironment, readVector, vectorIn, writeVector } from './vector.ts'

const vectors = sharedData('vuln/cvss')

describe.skipIf(vectors === undefined)('CVSS, by the public vectors', () => {
  it('gives every score that they give', () => {
    let cases = 0
    const wrong: string[] = []
    for (const file of readdirSync(vectors!)) {
      for (const line of readFileSync(join(vectors!, file), 'utf8').split('\n')) {
        const [, vector, scores] = /^(\S+) - \(?([^)]*)\)?$/.exec(line.trim()) ?? []
        if (vector === undefined || scores === undefined) continue
        cases++
        const expected = scores
          .split(',')
          .filter((score) => score.trim() !== '')
          .map((score) => (score.trim() === 'None' ? undefined : Number(score)))
        const score = scoreCvss(vector)
        // Taken apart and put together, as the editor does: what is not defined may be left out.
        const written = writeVector(readVector(vector))
        const again = scoreCvss(written)
        if (again.base !== score.base || again.overall !== score.overall)
          wrong.push(`${file}: ${vector} became ${written}: ${again.overall}, was ${score.overall}`)
        const found = expected.length === 1 ? [score.overall] : [score.base, score.threat, score.environmental]
        if (JSON.stringify(found) !== JSON.stringify(expected))
          wrong.push(`${file}: ${vector}: ${found.join(' ')}, expected ${expected.join(' ')}`)
      }
    }
    console.log(`${cases} CVSS vectors, ${wrong.length} wrong`)
    expect(cases).toBeGreaterThan(3_800)
    expect(wrong).toEqual([])
  })
})

describe('CVSS', () => {
  it.each([
    ['', 'no metric ""'],
    ['CVSS:5.0/AV:N', 'version 5.0 is not known'],
    ['CVSS:3.1/AV:N/AC:L', 'PR, UI, S, C, I, A missing'],
    ['CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', '"AV:Z" is not one of AV:N'],
    ['CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'AV is given twice'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/X:Y', 'no metric "X"'],
    ['AV:N/AC:L/Au:N/C:P/I:P', 'A missing'],
  ])('refuses "%s": %s', (vector, reason) => {
    expect(() => scoreCvss(vector)).toThrow(reason)
  })

  it('scores what stands in parentheses as without them', () => {
    const bare = 'CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H'
    expect(scoreCvss(`(${bare})`)).toEqual({ ...scoreCvss(bare), vector: `(${bare})` })
  })

  it('puts a vector into an environment: where it says something itself, that counts', () => {
    const base = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
    const environment = readEnvironment('MAV:L/CR:H/IR:X')
    expect(vectorIn(base, environment)).toBe(`${base}/CR:H/MAV:L`)
    expect(vectorIn(`${base}/CR:L/MAV:X`, environment)).toBe(`${base}/CR:L/MAV:L`)
    expect(vectorIn('AV:N/AC:L/Au:N/C:P/I:P/A:P', environment)).toBe('AV:N/AC:L/Au:N/C:P/I:P/A:P/CR:H')
    expect(vectorIn(base, readEnvironment(''))).toBe(base)
    for (const text of ['MS:U', 'CR:Z', 'CR:H/CR:L', 'CR', 'CR:H:H']) expect(() => readEnvironment(text), text).toThrow('CVSS')
  })

  it.each([
    [0, 'none'],
    [0.1, 'low'],
    [3.9, 'low'],
    [4, 'medium'],
    [7, 'high'],
    [9, 'critical'],
  ] as const)('rates %d as %s', (score, severity) => {
    expect(severityOf(score)).toBe(severity)
  })
})
