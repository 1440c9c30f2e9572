import { expect, it } from 'vitest'
import { duplicatesOf, glyphOfHost, lostOf, offsetText, wordOfHost } from './host-state.ts'

const stream = (name: string, missing: number, density: 'dense' | 'sparse' | 'new' = 'dense') => ({
  name,
  density,
  missing,
  duplicates: 2,
  resets: 0,
})

it('counts a loss once, and only where numbers follow each other', () => {
  expect(lostOf({ streams: [stream('Security', 3), stream('System', 4, 'sparse'), stream('Setup', 5, 'new')] })).toBe(3)
  expect(lostOf({ streams: [stream('syslog', 3), stream('syslog:sshd', 3)] })).toBe(3)
  expect(lostOf({ streams: [stream('syslog', 90, 'sparse'), stream('syslog:sshd', 3), stream('syslog:cron', 1)] })).toBe(4)
  expect(duplicatesOf({ streams: [stream('Security', 0), stream('System', 0)] })).toBe(2)
})

it('says the worst first', () => {
  const well = { silent: false, skewed: false, young: false, streams: [] }
  const cases = [
    [{ ...well, silent: true, skewed: true }, 'silent', 'gone'],
    [{ ...well, skewed: true, streams: [stream('Security', 1)] }, 'skewed', 'risk'],
    [{ ...well, streams: [stream('Security', 1)] }, 'gaps', 'gone'],
    [{ ...well, young: true }, 'young', 'risk'],
    [{ ...well, young: true, skewed: true }, 'young', 'risk'],
    [well, 'ok', 'met'],
  ] satisfies [Parameters<typeof wordOfHost>[0], string, string][]
  for (const [host, word, glyph] of cases) expect([wordOfHost(host), glyphOfHost(wordOfHost(host))]).toEqual([word, glyph])
})

it.each([
  [540, '+09:00'],
  [-330, '−05:30'],
  [0, '+00:00'],
])('writes an offset of %i minutes', (minutes, text) => {
  expect(offsetText(minutes)).toBe(text)
})
