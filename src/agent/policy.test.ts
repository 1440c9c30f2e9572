import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../kernel/json.ts'
import { knownSettings } from './policy.ts'

const rule = { path: '/srv/app', check: ['content', 'owner'] }

describe('what an agent takes of a policy', () => {
  it.each<[string, JsonValue, object, string[]]>([
    ['all that it knows', { frozen: true, watch: ['/etc'] }, { frozen: true, watch: ['/etc'] }, []],
    ['without a setting of a later version', { frozen: true, later: { a: 1 } }, { frozen: true }, ['later']],
    ['without a value that it cannot have', { pollMs: 'often', journal: false }, { journal: false }, ['pollMs']],
    ['without one element of a list', { watch: ['/etc', { glob: '/srv/*' }, '/boot'] }, { watch: ['/etc', '/boot'] }, ['watch']],
    [
      'without part of a rule',
      { integrity: [{ ...rule, check: ['content', 'sha3', 'owner'], since: 3 }, rule] },
      { integrity: [rule, rule] },
      ['integrity.since', 'integrity.check'],
    ],
    [
      'without a rule that has no path',
      { integrity: [{ glob: '*' }, rule] },
      { integrity: [rule] },
      ['integrity.glob', 'integrity.path'],
    ],
    ['nothing, where it is another thing', ['x'], {}, ['']],
    ['nothing, where nothing is said', {}, {}, []],
    [
      'not a name that means something to the language',
      JSON.parse('{"__proto__":{"frozen":true},"journal":true}'),
      { journal: true },
      ['__proto__'],
    ],
  ])('%s', (_name, given, settings, unknown) => {
    const before = JSON.stringify(given)
    const known = knownSettings(given)
    expect(known.settings).toEqual(settings)
    expect([...known.unknown].toSorted()).toEqual(unknown.toSorted())
    expect(JSON.stringify(given)).toBe(before)
    expect(Object.getPrototypeOf(known.settings)).toBe(Object.prototype)
  })
})
