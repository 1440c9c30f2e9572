import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import { isStopped, ROWS } from './shop/ask.ts'
import { type Shop, startShop } from './shop/shop.ts'
import { visitShop } from './shop/visit.ts'
import { hasChromium } from './support/browser.ts'
import { ROOT, temporaryFolder } from './support/kanpeki.ts'
import { type RunningWaf, startWaf } from './support/waf.ts'

const crs = sharedData('crs')

const SETUP = `SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecAction "id:200002,phase:1,pass,nolog,setvar:'tx.allowed_methods=GET HEAD POST OPTIONS PUT'"
`

describe.each([
  ['our own rules', [join(ROOT, 'content/protect')]],
  [
    'the Core Rule Set at paranoia 1',
    crs === undefined ? undefined : ['setup.conf', join(crs, 'crs-setup.conf.example'), join(crs, 'rules')],
  ],
] as const)('a shop behind %s', (_name, rules) => {
  const folder = temporaryFolder()
  const log = join(folder.path, 'audit.jsonl')
  let shop: Shop
  let waf: RunningWaf
  const isOut = rules === undefined
  beforeAll(async () => {
    if (rules === undefined) return
    writeFileSync(join(folder.path, 'setup.conf'), SETUP)
    shop = await startShop()
    const paths = rules.map((path) => (path === 'setup.conf' ? join(folder.path, path) : path))
    waf = await startWaf(['--upstream', shop.url, ...paths.flatMap((path) => ['--rules', path]), '--audit-log', log])
  })
  afterAll(async () => {
    await waf?.stop()
    await shop?.close()
    folder.remove()
  })

  it.skipIf(isOut || !hasChromium)(
    'keeps working for a browser, and nothing of its session is found wrong',
    { timeout: 90_000 },
    async () => {
      for (const list of Object.values(shop.log)) list.length = 0
      const { visited } = await visitShop(`http://127.0.0.1:${waf.port}`)
      const found = readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { status: number; rules: number[]; uri: string; blocked: boolean })
      // 499: the browser itself went on before its picture for the tab had come.
      expect(found.filter(({ blocked, status }) => blocked || (status >= 400 && status !== 499))).toEqual([])
      expect(found.length).toBeGreaterThanOrEqual(visited)
      expect(shop.log).toMatchObject({
        orders: [{ name: "Siobhán O'Brien", address: '1-2-3 Higashiyama\r\nKyoto 京都市' }],
        reviews: [{ product: 'kettle', text: expect.stringContaining('union of form and function') }],
        photos: [{ name: 'tea set.png', bytes: expect.any(Number) as number }],
        cart: [{ sku: 'cups', quantity: 2 }],
        searches: ['kettle & cups <3'],
      })
      expect(shop.log.questions).toHaveLength(1)
    },
  )

  it.skipIf(isOut)(`stops the ${ROWS.length} attacks of the table`, async () => {
    const missed: string[] = []
    for (const row of ROWS) if (!(await isStopped(waf.port, row))) missed.push(row.name)
    process.stdout.write(
      `${ROWS.length - missed.length} of ${ROWS.length} attacks stopped\n${missed.map((name) => `missed: ${name}\n`).join('')}`,
    )
    expect(ROWS.length).toBeGreaterThanOrEqual(200)
    expect(missed).toEqual([])
  })
})
