import { type Item, itemOf, nameOf, plainItem } from './item.ts'
import type { Run, TxMember } from './program.ts'
import type { StoredMember } from './store.ts'
import { makeValue } from './value.ts'

type StateVariable = (run: Run) => readonly Item[]

function members(variable: string, map: ReadonlyMap<string, TxMember | StoredMember>): Item[] {
  const items: Item[] = []
  for (const [lower, member] of map) items.push({ variable, key: member.name, lower, value: makeValue(member.value) })
  return items
}

/** A persistent collection's members, and what the collection tells of itself. */
function persistent(variable: string): [string, StateVariable] {
  return [
    variable,
    (run) => {
      const opened = run.opened.get(variable)
      if (opened === undefined) return []
      const { stored, key, changed, updates } = opened
      const seconds = (milliseconds: number) => String(Math.floor(milliseconds / 1000))
      return [
        ...members(variable, stored.members),
        itemOf(variable, 'KEY', key),
        itemOf(variable, 'TIMEOUT', String(stored.timeout)),
        itemOf(variable, 'CREATE_TIME', seconds(stored.created)),
        itemOf(variable, 'LAST_UPDATE_TIME', seconds(changed)),
        itemOf(variable, 'IS_NEW', updates === 0 ? '1' : '0'),
        itemOf(variable, 'UPDATE_COUNTER', String(updates)),
        itemOf(variable, 'UPDATE_RATE', String(Math.round((updates * 60_000) / Math.max(run.now() - stored.created, 60_000)))),
      ]
    },
  ]
}

function openedKey(variable: string, collection: string): [string, StateVariable] {
  return [variable, (run) => [plainItem(variable, run.opened.get(collection)?.key ?? '')]]
}

/** Variables that rules change: read anew each time. */
export const stateVariables: Readonly<Record<string, StateVariable>> = Object.fromEntries<StateVariable>([
  ['TX', (run) => members('TX', run.tx)],
  ['ENV', (run) => members('ENV', run.env)],
  // Without a database of places nothing is known of an address; rules that ask find nothing.
  ['GEO', () => []],
  persistent('GLOBAL'),
  persistent('IP'),
  persistent('RESOURCE'),
  persistent('SESSION'),
  persistent('USER'),
  openedKey('SESSIONID', 'SESSION'),
  openedKey('USERID', 'USER'),
  ['WEBAPPID', (run) => [plainItem('WEBAPPID', run.facts.settings.webAppId)]],
  ['DURATION', (run) => [plainItem('DURATION', String(Math.round((run.now() - run.facts.began) * 1000)))]],
  ['HIGHEST_SEVERITY', (run) => [plainItem('HIGHEST_SEVERITY', String(run.highestSeverity))]],
  ['MATCHED_VAR', (run) => (run.matched === undefined ? [] : [plainItem('MATCHED_VAR', run.matched.text)])],
  ['MATCHED_VAR_NAME', (run) => (run.matched === undefined ? [] : [plainItem('MATCHED_VAR_NAME', run.matchedName)])],
  [
    'MATCHED_VARS',
    (run) =>
      run.chainMatches.map(({ item, text }) => ({
        ...item,
        value: makeValue(text),
        variable: 'MATCHED_VARS',
        key: nameOf(item),
      })),
  ],
  [
    'MATCHED_VARS_NAMES',
    (run) =>
      run.chainMatches.map(({ item }) => ({
        ...item,
        value: makeValue(nameOf(item)),
        variable: 'MATCHED_VARS_NAMES',
        key: nameOf(item),
      })),
  ],
  [
    'RULE',
    ({ current }) =>
      current === undefined
        ? []
        : [
            itemOf('RULE', 'id', String(current.id)),
            itemOf('RULE', 'msg', current.writtenMsg),
            itemOf('RULE', 'severity', String(current.severity)),
          ],
  ],
])
