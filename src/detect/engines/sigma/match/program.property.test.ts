import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../../kernel/json.ts'
import { sharedData } from '../../../../kernel/testing/shared-data.ts'
import { loadRuleTexts } from '../load/load.ts'
import { loadRuleFiles } from '../load/read-files.ts'
import type { SigmaRule } from '../rule.ts'
import { classifier } from '../shapes/registry.ts'
import { naiveMatches } from '../testing/naive.ts'
import { randomEvent, randomRuleFile } from '../testing/random.ts'
import { compileSigma, type SigmaMatch, type SigmaProgram } from './program.ts'

const ids = (rules: readonly SigmaRule[]) => rules.map((rule) => rule.info.id)

/** What matches the event as text: as JSON.stringify writes it, or with everything beyond ASCII escaped. */
function matchText(program: SigmaProgram, doc: JsonObject, escaped: boolean): readonly SigmaMatch[] {
  const json = JSON.stringify(doc)
  const text = escaped
    ? json.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : json
  const bytes = Buffer.from(`  ${text}\n`)
  if (!program.scan.read(bytes, 2, bytes.length - 1)) return program.match(doc)
  const matches = program.matchScan()
  // Asked again, the same text says the same.
  if (bytes.length % 8 === 0)
    expect(ids(program.matchScan().map(({ rule }) => rule))).toEqual(ids(matches.map(({ rule }) => rule)))
  return matches
}

/** What matches the document with its text beside it, which is read where it is long. */
function matchBoth(program: SigmaProgram, doc: JsonObject): readonly SigmaMatch[] {
  return program.match(doc, Buffer.from(JSON.stringify(doc).padEnd(2_000)))
}

const explained = (matches: readonly SigmaMatch[]) => matches.map(({ info, fields }) => [info.id, fields])

interface Counts {
  rules: number
  events: number
  matches: number
}

/** Feeds the events to one program as they come, to one as text and to one as both, and compares each answer with the naive one. */
function compare(file: string, docs: readonly JsonObject[], counts: Counts): void {
  const { rules } = loadRuleTexts([{ file: 'random.yml', text: file }])
  const classify = classifier()
  const program = compileSigma(rules)
  const withText = compileSigma(rules)
  const withBoth = compileSigma(rules)
  const known = new Map<JsonObject, string[]>()
  for (const [at, doc] of docs.entries()) {
    let expected = known.get(doc)
    if (expected === undefined) {
      expected = ids(naiveMatches(rules, doc, classify(doc)))
      known.set(doc, expected)
    }
    expect(program.match(doc).map((match) => match.info.id)).toEqual(expected)
    expect(matchText(withText, doc, at % 2 === 1).map((match) => match.info.id)).toEqual(expected)
    expect(matchBoth(withBoth, doc).map((match) => match.info.id)).toEqual(expected)
    counts.matches += expected.length
  }
  counts.rules += rules.length
  counts.events += docs.length
}

describe('the compiled program agrees with the naive evaluation', () => {
  it('on random rules and events', () => {
    const counts: Counts = { rules: 0, events: 0, matches: 0 }
    fc.assert(
      fc.property(randomRuleFile, fc.array(randomEvent, { minLength: 30, maxLength: 120 }), (file, docs) => {
        // A second time round, anchors were learned from the first.
        compare(file, [...docs, ...docs], counts)
      }),
      { numRuns: 120, endOnFailure: true },
    )
    process.stderr.write(`program = naive: ${counts.rules} rules, ${counts.events} events, ${counts.matches} matches\n`)
    expect(counts.matches).toBeGreaterThan(counts.events)
  }, 60_000)

  it('on the first event that a program sees, whose text is at hand before anything is known about its fields', () => {
    let matches = 0
    fc.assert(
      fc.property(randomRuleFile, fc.array(randomEvent, { minLength: 1, maxLength: 8 }), (file, docs) => {
        const { rules } = loadRuleTexts([{ file: 'random.yml', text: file }])
        for (const doc of docs) {
          const expected = ids(naiveMatches(rules, doc, classifier()(doc)))
          expect(matchText(compileSigma(rules), doc, false).map((match) => match.info.id)).toEqual(expected)
          expect(matchBoth(compileSigma(rules), doc).map((match) => match.info.id)).toEqual(expected)
          matches += expected.length
        }
      }),
      { numRuns: 60 },
    )
    expect(matches).toBeGreaterThan(60)
  }, 60_000)

  it('after every lesson about anchors, thousands of events later', () => {
    const counts: Counts = { rules: 0, events: 0, matches: 0 }
    fc.assert(
      fc.property(randomRuleFile, fc.array(randomEvent, { minLength: 30, maxLength: 60 }), (file, docs) => {
        compare(
          file,
          Array.from({ length: 2200 }, (_, at) => docs[(at * 7) % docs.length]!),
          counts,
        )
      }),
      { numRuns: 4, endOnFailure: true },
    )
    process.stderr.write(
      `program = naive, long runs: ${counts.rules} rules, ${counts.events} events, ${counts.matches} matches\n`,
    )
  }, 60_000)

  const rulesFolder = sharedData('sigma/rules')
  const eventsFile = sharedData('events/mixed-20k.jsonl.gz')
  const absent = rulesFolder === undefined || eventsFile === undefined ? ' (skipped: ../shared/data is absent)' : ''

  it.skipIf(absent !== '')(
    `on SigmaHQ's Windows rules and recorded events${absent}`,
    () => {
      const rules = loadRuleFiles([rulesFolder!]).rules.filter((rule) => rule.logsource.product === 'windows')
      const lines = gunzipSync(readFileSync(eventsFile!))
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
      const program = compileSigma(rules)
      const withText = compileSigma(rules)
      const withBoth = compileSigma(rules)
      const classify = classifier()
      let scanned = 0
      let compared = 0
      let matches = 0
      // Every event is fed, so that anchors are learned; each eighth, and each that matched, is asked again the plain way.
      for (const [at, line] of lines.entries()) {
        const doc = JSON.parse(line) as JsonObject
        const found = program.match(doc)
        const bytes = Buffer.from(line)
        if (withText.scan.read(bytes, 0, bytes.length)) {
          scanned += 1
          const inText = withText.matchScan()
          if (found.length + inText.length > 0) expect(explained(inText)).toEqual(explained(found))
        }
        const ofBoth = matchBoth(withBoth, doc)
        if (found.length + ofBoth.length > 0) expect(explained(ofBoth)).toEqual(explained(found))
        if (at % 8 !== 0 && found.length === 0) continue
        compared += 1
        const expected = ids(naiveMatches(rules, doc, classify(doc)))
        matches += expected.length
        expect(found.map((match) => match.info.id)).toEqual(expected)
      }
      process.stderr.write(
        `program = naive, recorded: ${rules.length} rules, ${compared} of ${lines.length} events, ${matches} matches\n`,
      )
      expect(rules.length).toBeGreaterThan(2800)
      expect(matches).toBeGreaterThan(100)
      expect(scanned).toBe(lines.length)
    },
    60_000,
  )
})
