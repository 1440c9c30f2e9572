import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launchChromium, PASSWORD } from './support/browser.ts'
import { type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

/**
 * Everything a page can try against a server in whose console its visitor is signed in. `window.done` is set at the end;
 * `window.found` holds what it could read.
 */
function attack(target: string): string {
  const token = JSON.stringify({ name: 'stolen', scope: 'admin' })
  return `<!doctype html><title>A friendly page</title>
<iframe name="sink"></iframe><iframe id="framed" src="${target}/"></iframe>
<form id="plain" target="sink" method="post" enctype="text/plain" action="${target}/api/v1/tokens"><input name='${token.slice(0, -1)},"x":"' value='"}'></form>
<form id="ordinary" target="sink" method="post" action="${target}/api/v1/tokens"><input name="name" value="stolen"><input name="scope" value="admin"></form>
<form id="bytes" target="sink" method="post" enctype="text/plain" action="${target}/api/v1/artefacts?name=stolen"><input name="a" value="b"></form>
<form id="out" target="sink" method="post" action="${target}/api/v1/me/sessions"></form>
<script>
window.found = []
const attempt = async (work) => { try { window.found.push(String(await work())) } catch (error) { window.found.push('refused') } }
;(async () => {
  const url = ${JSON.stringify(target)} + '/api/v1/tokens'
  const body = ${JSON.stringify(token)}
  for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
    await attempt(() => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'content-type': type }, body }).then((r) => r.text()))
  await attempt(() => fetch(url, { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json', 'x-kanpeki-csrf': '1' }, body }).then((r) => r.text()))
  await attempt(() => fetch(${JSON.stringify(target)} + '/api/v1/session', { method: 'DELETE', credentials: 'include', headers: { 'x-kanpeki-csrf': '1' } }).then((r) => r.text()))
  for (const path of ['/api/v1/session', '/api/v1/tokens', '/api/v1/ledger'])
    await attempt(() => fetch(${JSON.stringify(target)} + path, { credentials: 'include' }).then((r) => r.text()))
  await attempt(() => navigator.sendBeacon(url, body) ? '' : '')
  for (const id of ['plain', 'ordinary', 'bytes', 'out']) { document.getElementById(id).submit(); await new Promise((go) => setTimeout(go, 600)) }
  let inside = ''
  try { inside = document.getElementById('framed').contentDocument?.body.innerText ?? '' } catch { inside = '' }
  window.found.push(inside)
  window.done = true
})()
</script>`
}

describe.skipIf(!hasChromium)('a hostile page in the browser of whoever is signed in (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  let browser: Browser
  let context: BrowserContext
  let server: Running
  let foreign: Server
  let port: number

  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer(join(folder.path, 'data'))
    foreign = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(attack(server.url))
    })
    await new Promise<void>((resolve) => foreign.listen(0, resolve))
    port = (foreign.address() as AddressInfo).port
    const link = new URL(server.signInUrl).searchParams.get('token')
    const made = await fetch(`${server.url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-kanpeki-csrf': '1' },
      body: JSON.stringify({ token: link, name: 'mori', password: PASSWORD }),
    })
    expect(made.status).toBe(200)
    const [name, value] = made.headers.getSetCookie()[0]!.split(';')[0]!.split('=') as [string, string]
    context = await browser.newContext()
    await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Strict' }])
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    foreign.close()
    await server.stop()
    folder.remove()
  })

  const tokens = async (): Promise<string[]> => {
    const page = await context.newPage()
    const reply = await page.goto(`${server.url}/api/v1/tokens`)
    expect(reply?.status(), 'still signed in').toBe(200)
    const { items } = (await reply!.json()) as { items: { name: string }[] }
    await page.close()
    return items.map(({ name }) => name)
  }

  // Another port is the same site: cookies with SameSite=Strict go along, and only the header defends.
  it.each([
    ['of another site', 'localhost', 401],
    ['of the same site, on another port', '127.0.0.1', 403],
  ])('%s changes nothing and reads nothing', async (_what, host, refusal) => {
    const page = await context.newPage()
    const answers: number[] = []
    const uploads: number[] = []
    page.on('response', (response) => {
      if (response.request().method() !== 'POST') return
      if (response.url() === `${server.url}/api/v1/tokens`) answers.push(response.status())
      if (response.url().startsWith(`${server.url}/api/v1/artefacts`)) uploads.push(response.status())
    })
    await page.goto(`http://${host}:${port}/`)
    await page.waitForFunction('window.done === true', undefined, { timeout: 30_000 })
    const found = (await page.evaluate('window.found')) as string[]
    await page.close()
    // Chromium hides what no-cors requests were answered; the forms tell.
    expect(answers.length, 'the attack arrived').toBeGreaterThanOrEqual(2)
    // A type that a route does not take is refused before anything else; one that takes any type asks who it is.
    expect(answers.filter((status) => status !== 415 && status !== refusal)).toEqual([])
    expect(uploads).toEqual([refusal])
    expect(found.join(' ')).not.toMatch(/mori|kpk_/)
    expect(await tokens()).toEqual([])
  })
})
