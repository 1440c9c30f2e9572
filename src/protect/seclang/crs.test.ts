import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { loadRules } from './load.ts'
import { readCrsCases } from './testing/crs-case.ts'
import { judge, runStage } from './testing/run-stage.ts'
import { rulesOf } from './testing/transact.ts'

const root = sharedData('crs')

/** Cases that fail, each with its reason; the README lists them, too. */
const KNOWN: Readonly<Record<string, string>> = {
  '920620-1': 'two Content-Type lines are kept apart, so that the rule against them can see both; Apache joins them',
  '921140-1': 'a carriage return within a header is refused by the connection with 400, before any rule',
}

const BASE = `
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecRule REQUEST_HEADERS:Content-Type "@rx (?i)^(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx (?i)^application/(?:[a-z0-9.-]+\\+)?json" "id:200001,phase:1,t:none,pass,nolog,ctl:requestBodyProcessor=JSON"
SecAction "id:900005,phase:1,nolog,pass,t:none,setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.arg_name_length=100,setvar:tx.max_num_args=255,setvar:tx.arg_length=400,setvar:tx.total_arg_length=6400,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535"
`

describe.skipIf(root === undefined)("the Core Rule Set's own tests (skipped where ../shared/data/crs is absent)", () => {
  const folder = root ?? ''

  test('pass at paranoia 4, but for those that are listed', () => {
    const setup = `${BASE}\nInclude ${folder}/crs-setup.conf.example\nInclude ${folder}/rules/*.conf`
    const rules = rulesOf(setup)
    expect(rules.refused).toEqual([])
    const cases = globSync(join(folder, 'tests/**/*.yaml'))
      .sort()
      .flatMap((file) => readCrsCases(file))
    const failed: Record<string, string> = {}
    for (const each of cases) {
      const reason = each.stages.map((stage) => judge(stage, runStage(rules.waf, stage))).find((found) => found !== undefined)
      if (reason !== undefined) failed[each.id] = reason
    }
    console.log(`${cases.length - Object.keys(failed).length} of ${cases.length} cases of the Core Rule Set pass`)
    expect(cases.length).toBeGreaterThan(3000)
    expect(Object.keys(failed).filter((id) => KNOWN[id] === undefined)).toEqual([])
  }, 120_000)
})

const DEBIAN = '/usr/share/modsecurity-crs/rules'

describe.skipIf(!existsSync(DEBIAN))("Debian's modsecurity-crs (skipped where the package is not installed)", () => {
  test('loads whole', () => {
    const { refused, inert, loaded } = loadRules({ files: globSync(`${DEBIAN}/*.conf`).sort() })
    expect(loaded).toBeGreaterThan(600)
    expect(refused.map(({ reason }) => reason)).toEqual([])
    expect(inert.map(({ reason }) => /@\w+/.exec(reason)?.[0])).toEqual(['@geoLookup', '@rbl'])
  })
})
