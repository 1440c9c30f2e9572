/**
 * Builds the verifier into one page that works from a file: script and sheet stand in it, and its own policy allows these
 * two and nothing else, no connection least of all. Run by scripts/build.ts; alone: `node scripts/build-verifier.ts`.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { build } from 'vite'

const SOURCE = 'web/verifier'
const TARGET = 'dist/verifier/verifier.html'

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

const built = await build({
  configFile: false,
  logLevel: 'warn',
  root: SOURCE,
  build: {
    write: false,
    target: 'es2023',
    lib: { entry: 'verifier.ts', formats: ['iife'], name: 'verifier' },
  },
})
const outputs = Array.isArray(built) ? built : [built]
const chunks = outputs.flatMap((one) => ('output' in one ? one.output : [])).filter((one) => one.type === 'chunk')
const [chunk] = chunks
if (chunk === undefined || chunks.length !== 1) throw new Error(`the verifier became ${chunks.length} scripts, not one`)
const script = chunk.code.trim()
if (/<\/script|<!--/i.test(script)) throw new Error('the script of the verifier would end its own element')
const style = readFileSync(`${SOURCE}/verifier.css`, 'utf8').trim()
const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`
const parts: Readonly<Record<string, string>> = { policy, style, script }
// A function, since `$&` in a replacement text would mean something.
const page = readFileSync(`${SOURCE}/page.html`, 'utf8').replaceAll(
  /\/\*(policy|style|script)\*\//g,
  (_, name: string) => parts[name] ?? '',
)
for (const part of Object.values(parts)) if (!page.includes(part)) throw new Error('the page of the verifier lacks a part')
mkdirSync('dist/verifier', { recursive: true })
writeFileSync(TARGET, page)
