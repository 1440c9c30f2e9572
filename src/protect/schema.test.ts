import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Exclusion, exclusionRule, exclusionSchema } from './schema.ts'
import { loadRules } from './seclang/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'waf-exclusion-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = Date.parse('2026-11-22T12:00:00Z')
const RULES = `SecRuleEngine On
SecRule ARGS "@contains evil" "id:1,phase:2,deny,status:403,log,msg:'Evil'"
`

/** Whether a request is stopped with this exclusion before the rules. */
function isStopped(exclusion: Exclusion, target: string): boolean {
  const files = ['a-exclusion.conf', 'b-rules.conf'].map((name) => join(folder, name))
  writeFileSync(files[0]!, exclusionRule(exclusion) ?? '')
  writeFileSync(files[1]!, RULES)
  const { waf, refused } = loadRules({ files, now: () => NOW })
  expect(refused).toEqual([])
  const transaction = waf.begin('block')
  const peer = { remoteAddress: '198.51.100.7', remotePort: 1, serverAddress: '192.0.2.1', serverPort: 80 }
  const head = { uniqueId: 'x', ...peer, method: 'GET', target, protocol: 'HTTP/1.1', headers: [['Host', 'a']] as const }
  const found = transaction.requestHead(head) ?? transaction.requestBody(Buffer.alloc(0), false)
  transaction.finish()
  return found !== undefined
}

const EXCLUSION: Exclusion = { rule: 1, path: '/login', variable: 'ARGS:password', until: NOW + 1000 }

describe('an exclusion as a rule', () => {
  it.each<[string, Exclusion, string, boolean]>([
    ['lets pass what it names', EXCLUSION, '/login?password=evil', false],
    ['not another parameter', EXCLUSION, '/login?name=evil', true],
    ['not another path', EXCLUSION, '/search?password=evil', true],
    ['not beside it', EXCLUSION, '/login?password=evil&name=evil', true],
    ['no longer than it lasts', { ...EXCLUSION, until: NOW }, '/login?password=evil', true],
    ['the whole rule where no variable is named', { ...EXCLUSION, variable: null }, '/login?name=evil', false],
    ['not another rule', { ...EXCLUSION, rule: 2 }, '/login?password=evil', true],
  ])('%s', (_name, exclusion, target, stopped) => expect(isStopped(exclusion, target)).toBe(stopped))

  it.each(['/a"b', "/a'b", '/a\\b', '/a%{tx.x}', '/a\nSecRuleEngine Off', '/完'])('is not written for the path %s', (path) =>
    expect(exclusionRule({ ...EXCLUSION, path })).toBeUndefined(),
  )

  it.each(['ARGS:a,ctl:ruleEngine=Off', 'ARGS:a;b', 'ARGS:a"'])('is not written for the variable %s', (variable) =>
    expect(exclusionRule({ ...EXCLUSION, variable })).toBeUndefined(),
  )

  it('refuses what is no variable', () =>
    expect(exclusionSchema.safeParse({ ...EXCLUSION, variable: 'args password' }).success).toBe(false))
})
