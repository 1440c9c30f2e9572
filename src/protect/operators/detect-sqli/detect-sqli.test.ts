import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../../kernel/testing/shared-data.ts'
import { urlDecodeUni } from '../../transforms/url-decode.ts'
import { detectSqli } from './detect-sqli.ts'

const data = sharedData('waf/payloads')

function linesOf(name: string): string[] {
  return readFileSync(`${data}/${name}`, 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** As rule 942100 asks: of the value as it came and decoded once more. */
const found = (value: string) => detectSqli(value) !== undefined || detectSqli(urlDecodeUni(value)) !== undefined

describe('detectSQLi', () => {
  test.skipIf(data === undefined)('finds published attacks and leaves everyday values alone', () => {
    const attacks = linesOf('sqli.txt')
    const benign = linesOf('benign.txt')
    const hits = attacks.filter(found).length
    const wrong = benign.filter(found)
    console.log(
      `detectSQLi: ${hits} of ${attacks.length} attacks found, ${wrong.length} of ${benign.length} benign values wrongly`,
    )
    expect(hits / attacks.length).toBeGreaterThan(0.99)
    expect(wrong).toEqual([])
  })

  test.each([
    "' or 1=1--",
    "admin'#",
    "1' AND SLEEP(5)-- -",
    "'; EXEC xp_cmdshell('dir')--",
    '1/**/union/**/select/**/1,2',
    '(select(0)from(select(sleep(5)))v)',
    "1' AND ASCII(SUBSTRING((SELECT database()),1,1))>64-- -",
    "'||(SELECT pg_sleep(5))||'",
    '" or ""="',
    "\\' or 1=1 --",
    '1 /*!50000union*/ /*!50000select*/ 1,2',
    "x'; DROP TABLE users; --",
    'foo bar) union select null,null',
    '1 HAVING 1=1',
    "1' procedure analyse(extractvalue(rand(),concat(0x3a,version())),1)-- -",
  ])('finds %s', (value) => expect(detectSqli(value)).toBeDefined())

  test.each([
    "The union select committee met on Monday; we'll drop in any time",
    "I'd like 2 or 3 of them, and maybe 5 more",
    "O'Reilly & Sons, 12 or 14 Main St. #5",
    "rock 'n' roll -- 100% live; having fun",
    'price > 100 and price < 200',
    '"black and white" or "color"',
    `{"name":"O'Neil","age":42,"tags":["a","b"]}`,
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    '2024-01-01 or 2024-12-31',
    `5' 10" tall and 160 lbs`,
    'SELECT your plan: basic, pro or enterprise',
    "let x = 'a' + 'b'; console.log(x)",
  ])('leaves %s alone', (value) => expect(detectSqli(value)).toBeUndefined())

  test('never throws, and its match is a short shape', () => {
    const piece = fc.constantFrom(
      ..."' \" ` ( ) ; , -- # /* */ /*! 1 0x41 'a' @@v or and union select from where || = ! { } [ ] $a$ \\ \\N case when end :: q'[ sleep( x. .y".split(
        ' ',
      ),
    )
    let hits = 0
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: piece, maxLength: 30 }),
          fc.array(piece, { maxLength: 30 }).map((each) => each.join(' ')),
        ),
        (value) => {
          const seen = detectSqli(value)
          if (seen === undefined) return
          hits += 1
          expect(seen.matched.length).toBeLessThanOrEqual(8)
        },
      ),
      { numRuns: 5000 },
    )
    expect(hits).toBeGreaterThan(150)
  })

  test('reads a long value in the time of a long value', () => {
    for (const unit of ["'", '[', '`', '(', '/*', '$a$', '--\n', "@'", 'a.', '1,', "'a' ", '{', "q'[", 'and 1 ', '/*!']) {
      expect(() => detectSqli(`1${unit.repeat(300_000)}`), unit).not.toThrow()
    }
  })
})
