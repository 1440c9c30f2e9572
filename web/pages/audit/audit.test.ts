import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, it, test } from 'vitest'
import type { JsonObject } from '../../../src/kernel/json.ts'
import { en } from '../../i18n/en.ts'
import { ja } from '../../i18n/ja.ts'
import { givenFor, startOfDay, valuesOf } from './audit-text.ts'

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url))

type Sentences = Readonly<Record<string, Readonly<Record<string, string>>>>
const english: Sentences = en.audit.action
const japanese: Sentences = ja.audit.action

/** Nouns that no field of an event begins with: a text like `token.rotate` is an action wherever it stands. */
const OWN_NOUNS = Object.keys(english).filter((noun) => !['source', 'card', 'rule', 'alert'].includes(noun))

/** Source files that run in the server or the commands: neither tests nor their helpers nor the demo's invented events. */
function sources(folder = SRC): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['testing', 'demo', 'parsers', 'engines'].includes(entry.name) ? [] : sources(path)
    return /\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name) ? [path] : []
  })
}

/** Every `noun.verb` that an entry of ours is written with: beside `action:`, or in a call that makes such evidence. */
function writtenActions(): Map<string, string> {
  const found = new Map<string, string>()
  for (const path of sources()) {
    const text = readFileSync(path, 'utf8')
    const nouns = new RegExp(`'((?:${OWN_NOUNS.join('|')})\\.[a-z-]+)'`, 'g')
    const calls = /(?:adminEvidence\(|told\(|evidenceOf\(|\(caller, ')[^;]{0,400}/g
    const near = [...text.matchAll(calls)].flatMap(([call]) => [...call.matchAll(/'([a-z-]+\.[a-z-]+)'/g)])
    const beside = text.matchAll(/\baction: '([a-z-]+\.[a-z-]+)'/g)
    const named = /^(?:access|app|cli|server|prove)\//.test(path.slice(SRC.length)) ? text.matchAll(nouns) : []
    for (const [, action = ''] of [...near, ...beside, ...named]) found.set(action, path.slice(SRC.length))
  }
  return found
}

/** Those that the audit makes of an entry's kind and a word in it. */
const MADE = [
  ...['success', 'failure', 'pending'].map((outcome) => `session.${outcome}`),
  ...['verdict', 'assign', 'undo'].map((change) => `alert.${change}`),
  ...['written', 'in-force', 'signed', 'missing'].map((change) => `card.${change}`),
  ...['first-start', 'add', 'change', 'remove'].map((change) => `rule.${change}`),
  ...['add', 'change'].map((change) => `source.${change}`),
  ...['propose', 'approve', 'refuse', 'end'].map((deed) => `exception.${deed}`),
  ...['propose', 'approve', 'refuse', 'set'].map((deed) => `playbook.${deed}`),
  ...['begun', 'planned', 'asked', 'approved', 'refused', 'answered', 'started', 'retry', 'unsure'].map(
    (change) => `run.${change}`,
  ),
  ...['done', 'failed', 'undo-started', 'undone', 'undo-failed', 'stop', 'ended'].map((change) => `run.${change}`),
  ...['runs.halt', 'runs.release', 'guards.change'],
]

describe('sentences', () => {
  const actions = new Map([...writtenActions(), ...MADE.map((action) => [action, 'the audit'] as const)])

  it(`has one in both languages for each of the ${actions.size} actions that are written`, () => {
    expect(actions.size).toBeGreaterThan(40)
    const without = [...actions].filter(([action]) => {
      const [noun = '', verb = ''] = action.split('.')
      return english[noun]?.[verb] === undefined || japanese[noun]?.[verb] === undefined
    })
    expect(without).toEqual([])
  })

  it('says each of them even where the entry tells nothing', () => {
    let said = 0
    for (const [lang, sentences] of [
      ['en', english],
      ['ja', japanese],
    ] as const) {
      for (const message of Object.values(sentences).flatMap((verbs) => Object.values(verbs))) {
        const text = new IntlMessageFormat(message, lang).format(givenFor(message, valuesOf({ target: '', body: {} }, PLAIN)))
        expect(text, message).not.toContain('{')
        said += 1
      }
    }
    expect(said).toBeGreaterThan(80)
  })
})

const PLAIN = {
  word: () => undefined,
  list: (words: readonly string[]) => words.join(' + '),
  time: (when: string) => `at ${when}`,
  roleIn: (role: string, scope: string) => `${role} in ${scope}`,
}

test.each<[name: string, body: JsonObject, message: string, text: string]>([
  ['a number counts', { moved: 1 }, '{moved, plural, one {# asset} other {# assets}}', '1 asset'],
  ['a missing number is none', {}, '{moved, plural, =0 {none} other {some}}', 'none'],
  ['a missing text is a dash', {}, 'to {to}', 'to –'],
  ['a time is told as a time', { until: '2026-11-22T05:00:00.000Z' }, '{until}', 'at 2026-11-22T05:00:00.000Z'],
  ['a role with its scope', { roles: [{ role: 'auditor', scope: '*' }] }, '{roles}', '\u2068auditor\u2069 in *'],
  ['what is there is said', { reason: 'late' }, 'No{reason, select, none {} other {: {reasonText}}}.', 'No: \u2068late\u2069.'],
  ['what is not is left out', {}, 'No{reason, select, none {} other {: {reasonText}}}.', 'No.'],
  ['what the sentence lists is told apart', { mode: 'real' }, '{mode, select, real {acts} other {plans}}', 'acts'],
  ['and a hyphen is none', { answer: 'not-run' }, '{answer, select, ran {yes} not_run {no} other {–}}', 'no'],
  ['what it does not list is other', { mode: 'odd' }, '{mode, select, real {acts} other {plans}}', 'plans'],
  ['a name cannot turn the sentence round', { to: '\u202Eevil' }, '{to}!', '\u2068\u202Eevil\u2069!'],
])('%s', (_name, body, message, text) => {
  expect(new IntlMessageFormat(message, 'en').format(givenFor(message, valuesOf({ target: 'x', body }, PLAIN)))).toBe(text)
})

test.each([
  ['2026-11-22', false, '2026-11-22T00:00:00.000Z'],
  ['2026-11-22', true, '2026-11-23T00:00:00.000Z'],
  ['2026-12-31', true, '2027-01-01T00:00:00.000Z'],
  ['nonsense', false, undefined],
])('the day %s (the one after: %s) begins at %s', (day, after, instant) => {
  expect(startOfDay(day, true, after)).toBe(instant)
})
