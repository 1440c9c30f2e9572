import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { makePurl, type Purl, parsePurl, writePurl } from './purl.ts'

interface Parts {
  readonly type: string
  readonly namespace: string | null
  readonly name: string
  readonly version: string | null
  readonly qualifiers: Readonly<Record<string, string>> | null
  readonly subpath: string | null
}

interface Case {
  readonly test_type: 'parse' | 'build' | 'validate'
  readonly input: unknown
  readonly expected_output: unknown
  readonly expected_failure: boolean
}

const parts = ({ type, namespace, name, version, qualifiers, subpath }: Purl): Parts => ({
  type,
  namespace: namespace ?? null,
  name,
  version: version ?? null,
  qualifiers: qualifiers ?? null,
  subpath: subpath ?? null,
})

function answer({ test_type: type, input }: Case): unknown {
  if (type === 'build') return writePurl(makePurl(input as Parts))
  const purl = parsePurl(input as string, { strict: type === 'parse' })
  return type === 'parse' ? parts(purl) : writePurl(purl)
}

const tests = sharedData('vuln/purl/tests')

describe.skipIf(tests === undefined)('package URLs, by the public tests', () => {
  it('parses, builds and normalises as they do', () => {
    let cases = 0
    const wrong: string[] = []
    for (const file of readdirSync(tests!, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))) {
      for (const test of (JSON.parse(readFileSync(join(tests!, file), 'utf8')) as { tests: Case[] }).tests) {
        cases++
        let found: unknown
        try {
          found = answer(test)
        } catch {
          found = 'refused'
        }
        const expected = test.expected_failure ? 'refused' : test.expected_output
        try {
          expect(found).toEqual(expected)
        } catch {
          wrong.push(
            `${file} ${test.test_type} ${JSON.stringify(test.input)}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
          )
        }
      }
    }
    console.log(`${cases} package URLs, ${wrong.length} wrong`)
    expect(cases).toBe(586)
    expect(wrong).toEqual([])
  })
})

describe('package URLs', () => {
  const text = fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .filter((value) => !value.includes('/') && value.isWellFormed())
  it('read back what they were made of', () => {
    fc.assert(
      fc.property(text, text, text, text, (namespace, name, version, value) => {
        const purl = makePurl({ type: 'generic', namespace, name, version, qualifiers: { key: value }, subpath: 'a/b' })
        expect(parsePurl(writePurl(purl))).toEqual(purl)
      }),
    )
  })

  it('never fail but with their own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `pkg:${rest}`),
          fc.string().map((rest) => `pkg:npm/${rest}`),
        ),
        (input) => {
          try {
            parsePurl(input)
          } catch (error) {
            expect(error).toMatchObject({ code: 'purl_invalid' })
          }
        },
      ),
    )
  })
})
