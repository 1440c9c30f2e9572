import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLedger } from '../src/prove/ledger.ts'
import { makeBundle } from '../src/prove/make-bundle.ts'
import { makePackage } from '../src/prove/make-package.ts'
import { PLAIN_PACKAGING } from '../src/prove/testing/packaging.ts'
import { hasChromium, launchChromium, type Watched, watchedPage } from './support/browser.ts'
import { kanpeki, ROOT, temporaryFolder } from './support/kanpeki.ts'

const VERIFIER = join(ROOT, 'dist/verifier/verifier.html')
const T = '2026-11-22T11:30:00.000Z'

/** What both are given, and what both must say. */
const CASES = ['sound.zip', 'no-key.zip', 'report-changed.zip', 'entry-changed.zip', 'other-key.zip', 'bare.json'] as const
const VERDICTS: Readonly<Record<(typeof CASES)[number], string>> = {
  'sound.zip': 'proved',
  'no-key.zip': 'consistent',
  'report-changed.zip': 'failed',
  'entry-changed.zip': 'failed',
  'other-key.zip': 'failed',
  'bare.json': 'proved',
}

describe.skipIf(!hasChromium)('the verifier in a browser (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  let browser: Browser
  let watched: Watched
  let key: string
  let stranger: string
  const asked: string[] = []
  const keyFor = (name: string) => (name === 'no-key.zip' ? '' : name === 'other-key.zip' ? stranger : key)

  beforeAll(async () => {
    const ledger = await openLedger({ data: join(folder.path, 'data'), copies: [] })
    const other = await openLedger({ data: join(folder.path, 'other'), copies: [] })
    const times = { logged: T, observed: T, received: T }
    await ledger.append([
      { v: 1, type: 'card', scope: 'default', outbox: 1, ...times, body: { card: 'payments', change: 'written' } },
    ])
    key = ledger.key.text
    stranger = other.key.text
    const { checkpoint } = ledger.head
    const log = { checkpoint, key, entry: ledger.entry, readTile: ledger.readTile }
    const bundle = await makeBundle({ log, about: { card: 'payments' }, indexes: [0] })
    const page = readFileSync(VERIFIER)
    const packaging = { ...PLAIN_PACKAGING, verifier: async () => page }
    const sound = Buffer.from(await makePackage(bundle, { ...packaging, signNote: (text) => ledger.signNote(text) }))
    const changed = (word: string) => {
      const bytes = Buffer.from(sound)
      bytes[bytes.indexOf(word) + 2]! ^= 1
      return bytes
    }
    const files: Readonly<Record<(typeof CASES)[number], Buffer>> = {
      'sound.zip': sound,
      'no-key.zip': sound,
      'report-changed.zip': changed('Check it yourself'),
      'entry-changed.zip': changed('written'),
      'other-key.zip': sound,
      'bare.json': sound.subarray(sound.indexOf('{"about"'), sound.indexOf('\n', sound.indexOf('{"about"')) + 1),
    }
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder.path, name), bytes)
    browser = await launchChromium()
    watched = await watchedPage(browser, 'ja')
    watched.page.on('request', (request) => asked.push(request.url()))
    await watched.page.goto(pathToFileURL(VERIFIER).href)
  })
  afterAll(async () => {
    await browser?.close()
    folder.remove()
  })

  it.each(CASES)('says of %s what the command says', async (name) => {
    const { page } = watched
    const given = keyFor(name)
    const args = ['verify', name, '--json', '--trusted', join(folder.path, 'none'), ...(given === '' ? [] : ['--key', given])]
    const ran = await kanpeki(args, { cwd: folder.path })
    const { seconds: _, ...byCommand } = JSON.parse(ran.stdout) as Record<string, unknown>
    await page.fill('#keys', given)
    await page.setInputFiles('#file', { name, mimeType: 'application/zip', buffer: readFileSync(join(folder.path, name)) })
    await page.waitForSelector(`#outcome[data-verdict="${VERDICTS[name]}"]`)
    expect(byCommand).toMatchObject({ verdict: VERDICTS[name], ok: VERDICTS[name] === 'proved' })
    expect(JSON.parse((await page.textContent('#result')) ?? '')).toEqual(byCommand)
    if (name === 'report-changed.zip') expect(byCommand).toMatchObject({ failures: [{ path: 'report-changed.zip/report.html' }] })
  })

  it('takes what is dropped on it, speaks both languages, and asks nobody', async () => {
    const { page, faults } = watched
    await page.fill('#keys', key)
    const bytes = [...readFileSync(join(folder.path, 'sound.zip'))]
    await page.evaluate(
      `(() => { const data = new DataTransfer(); data.items.add(new File([new Uint8Array(${JSON.stringify(bytes)})], 'dropped.zip')); document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })) })()`,
    )
    await page.waitForSelector('#outcome[data-verdict="proved"]')
    expect(await page.textContent('.verdict')).toContain('証明されました')
    await page.click('#other')
    expect(await page.textContent('.verdict')).toMatch(/^Proved\. Signed by kanpeki\.local\//)
    expect(asked).toEqual([pathToFileURL(VERIFIER).href])
    expect(faults).toEqual([])
  })
})

it('the verifier was built', () => expect(existsSync(VERIFIER)).toBe(true))
