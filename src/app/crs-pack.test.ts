import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { rejectionOf } from '../platform/testing/code-of.ts'
import { listPacks } from './content-packs.ts'
import { addCrs } from './crs-pack.ts'

const root = mkdtempSync(join(tmpdir(), 'crs-pack-'))
afterAll(() => rmSync(root, { recursive: true }))

function ruleSet(name: string, setup: string, rules: Readonly<Record<string, string>>): string {
  const folder = join(root, name)
  mkdirSync(join(folder, 'rules'), { recursive: true })
  writeFileSync(join(folder, setup), 'SecAction "id:900990,phase:1,pass,nolog,setvar:tx.crs_setup_version=4"\n')
  for (const [file, text] of Object.entries(rules)) writeFileSync(join(folder, 'rules', file), text)
  return folder
}

const RULES = {
  'REQUEST-901-INITIALIZATION.conf':
    'SecRule &TX:crs_setup_version "@eq 0" "id:901001,phase:1,deny,status:500,msg:\'No set-up\'"\n',
  'REQUEST-999-OWN.conf':
    'SecRule ARGS "@pmFromFile words.data" "id:999001,phase:2,deny,msg:\'Word\'"\nSecRule ARGS "@nothing x" "id:999002,phase:2,pass"\n',
  'words.data': 'evil\n',
  'REQUEST-900-EXCLUSION.conf.example': 'nonsense',
}

describe('the Core Rule Set as a pack', () => {
  it('lies in one folder, set-up before rules, and says what is not understood', async () => {
    const waf = join(root, 'data/waf')
    const added = await addCrs(waf, ruleSet('clone', 'crs-setup.conf.example', RULES), 0)
    expect(readdirSync(join(waf, 'crs'))).toEqual([
      ...[
        '00-base.conf',
        '01-crs-setup.conf',
        'REQUEST-901-INITIALIZATION.conf',
        'REQUEST-999-OWN.conf',
        'pack.json',
        'words.data',
      ],
    ])
    expect(added).toMatchObject({
      name: 'crs',
      files: 5,
      loaded: 5,
      refused: 1,
      refusals: [{ file: 'REQUEST-999-OWN.conf', line: 2 }],
    })
    expect(listPacks(waf)).toMatchObject([{ name: 'crs', sha256: added.sha256 }])
    const { 'words.data': _words, ...fewer } = RULES
    await addCrs(waf, ruleSet('release', 'crs-setup.conf', fewer), 0)
    expect(existsSync(join(waf, 'crs/words.data'))).toBe(false)
  })

  it('is refused where it is not, and nothing is changed', async () => {
    const waf = join(root, 'none/waf')
    expect(await rejectionOf(addCrs(waf, root, 0))).toBe('usage')
    expect(existsSync(waf)).toBe(false)
  })
})
