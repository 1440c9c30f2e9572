import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Success criteria of level A and AA, and what axe's makers add to them. */
const ALL = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[]
}

/**
 * What keeps people out of the page as it stands, by WCAG 2.2 AA as far as axe-core can tell: a line for each rule that is
 * broken, with how often, and where and why the first time. Contrast is measured in the light theme and in the dark.
 */
export async function barriers(page: Page): Promise<string[]> {
  // Without motion, or colours would be looked at while they fade in, or on their way from one theme to the other.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.evaluate(AXE)
  const found = await run(page, { type: 'tag', values: ALL })
  const isDark = await page.evaluate<boolean>("matchMedia('(prefers-color-scheme: dark)').matches")
  await page.emulateMedia({ colorScheme: isDark ? 'light' : 'dark' })
  const other = await run(page, { type: 'rule', values: ['color-contrast'] })
  await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light', reducedMotion: null })
  return [...found, ...other]
}

async function run(page: Page, runOnly: { readonly type: string; readonly values: readonly string[] }): Promise<string[]> {
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'] })
  const found = await page.evaluate<Finding[]>(`axe.run(document, ${options}).then((result) => result.violations)`)
  return found.map(({ id, nodes }) => `${id}, ${nodes.length} times: ${nodes[0]?.target.join(' ')}: ${nodes[0]?.failureSummary}`)
}
