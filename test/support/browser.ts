import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { ROOT, type Running } from './kanpeki.ts'

const CHROMIUM = '/usr/bin/chromium'

/** Whether the browser tests can run here (Debian’s chromium). With CI=true its absence is an error, not a skip. */
export const hasChromium = existsSync(CHROMIUM)
if (!hasChromium && process.env['CI'] === 'true') throw new Error('Chromium is not installed, and CI=true asks for it')

export type Language = 'en' | 'ja'
export const PASSWORD = 'correct horse battery staple'

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

type Texts = { readonly [key: string]: string | Texts }

/** The console's own words, so that a changed text fails a test only if it is gone. */
export function words(language: Language): (path: string) => string {
  return (path) => {
    const [file = '', ...keys] = path.split('.')
    const texts = JSON.parse(readFileSync(join(ROOT, `web/i18n/${language}/${file}.json`), 'utf8')) as Texts
    const found = keys.reduce<string | Texts | undefined>(
      (here, key) => (typeof here === 'object' ? here[key] : undefined),
      texts,
    )
    if (typeof found !== 'string') throw new Error(`no text ${path} in ${language}`)
    return found
  }
}

export interface Watched {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors in the page or its console, and what the content security policy has refused. */
  readonly faults: string[]
  /** What ran that nobody wrote: calls of `window.__xss`, and dialogs. */
  readonly ran: string[]
}

/** A page that notes every fault, every refusal of the content security policy, and every script that was smuggled in. */
export async function watchedPage(browser: Browser, language: Language, dark = false): Promise<Watched> {
  const context = await browser.newContext({
    locale: language === 'ja' ? 'ja-JP' : 'en-US',
    colorScheme: dark ? 'dark' : 'light',
    viewport: { width: 1440, height: 960 },
    // Where a server speaks TLS, it made the certificate itself.
    ignoreHTTPSErrors: true,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const faults: string[] = []
  const ran: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // The first question, who is signed in, is answered 401: the browser reports it by itself.
    if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text())
  })
  page.on('dialog', (dialog) => {
    ran.push(`${dialog.type()}: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.exposeFunction('__xss', (where: string) => void ran.push(where))
  await page.exposeFunction('__refused', (what: string) => void faults.push(`refused by the policy: ${what}`))
  await page.addInitScript(`
    addEventListener('securitypolicyviolation', (event) => __refused(event.violatedDirective + ' ' + event.blockedURI))
  `)
  return { page, context, faults, ran }
}

/** Makes the first administrator by the one-time link, in the browser, so that the page and `request` share the session. */
export async function firstAdministrator(page: Page, server: Running, name: string): Promise<void> {
  const token = new URL(server.signInUrl).searchParams.get('token')
  await change(page, server, 'POST', '/api/v1/setup', { token, name, password: PASSWORD })
}

/** A change through the API as the person signed in in this browser. Returns the reply; throws on anything but 2xx. */
export async function change<T>(page: Page, server: Running, method: string, path: string, data?: unknown): Promise<T> {
  const reply = await page.request.fetch(`${server.url}${path}`, {
    method,
    headers: { 'x-kanpeki-csrf': '1' },
    ...(data === undefined ? {} : { data }),
  })
  const text = await reply.text()
  if (!reply.ok()) throw new Error(`${reply.status()} ${method} ${path}: ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}
