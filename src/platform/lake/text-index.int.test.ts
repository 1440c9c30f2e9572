import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { ROWS_TO_INDEX } from './table.ts'

const file = sharedData('events/mixed-20k.jsonl.gz')
const EVENTS = 4500
const TEXTS = 40

/** A small generator with a printed seed, so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe.skipIf(file === undefined)(
  `searching real events${file === undefined ? ' (skipped: ../shared/data is absent)' : ''}`,
  () => {
    const seed = Number(process.env['SEED'] ?? 20_260_801)
    const pick = generator(seed)
    let bed: TestLake
    let texts: string[] = []
    let lowered: string[] = []

    beforeAll(async () => {
      if (file === undefined) return
      const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').slice(0, EVENTS)
      const docs = lines.map((line) => JSON.parse(line) as JsonObject)
      texts = docs.map((doc) => JSON.stringify(doc))
      lowered = texts.map((text) => text.toLowerCase())
      bed = await startTestLake()
      // Only the second makes its index of words itself.
      const events = docs.map((doc, n) => testEvent(`e-${n}`, doc, { observed: n }))
      await bed.lake.append(testBatch(1, Date.UTC(2026, 7, 1), events.slice(0, EVENTS - ROWS_TO_INDEX)))
      await bed.lake.append(testBatch(2, Date.UTC(2026, 7, 1), events.slice(EVENTS - ROWS_TO_INDEX)))
    })
    afterAll(() => bed?.stop())

    /** Pieces of the documents themselves: words, parts of words, punctuation, spaces; and some that are nowhere. */
    function pieces(): string[] {
      return Array.from({ length: TEXTS }, (_, n) => {
        const text = texts[pick(texts.length)]!
        const length = 3 + pick(14)
        const piece = text.slice(pick(text.length - length)).slice(0, length)
        return n % 10 === 9 ? `${piece}zq` : piece
      }).filter((piece) => /^[\x20-\x7e]+$/.test(piece) && !piece.endsWith('\\'))
    }

    test.each(['as inserted', 'after a merge'])(`finds what is there, no more and no less, %s (seed ${seed})`, async (when) => {
      if (when === 'after a merge') await bed.lake.compact()
      let asked = 0
      for (const piece of pieces()) {
        const wanted = lowered.filter((text) => text.includes(piece.toLowerCase())).length
        // The pieces are of JSON text: the query wants what was written, before JSON escaped it.
        const unescaped = unescapeJson(piece)
        if (unescaped === undefined) continue
        asked += 1
        const match = { kind: 'text', text: unescaped, quoted: true } as const
        expect(`${piece} ${await bed.lake.count({ scope: 'default', query: { kind: 'term', field: undefined, match } })}`).toBe(
          `${piece} ${wanted}`,
        )
      }
      expect(asked).toBeGreaterThan(10)
    })
  },
)

/** Undefined for a piece that is not what JSON makes of some text (it holds a quotation mark, or half an escape). */
function unescapeJson(piece: string): string | undefined {
  try {
    const text = JSON.parse(`"${piece}"`) as string
    return JSON.stringify(text).slice(1, -1) === piece ? text : undefined
  } catch {
    return undefined
  }
}
