/**
 * Builds the agent into one file that runs on the pinned Node without a node_modules beside it: what a signed update is.
 * Run by hand or by a release: `node scripts/build-agent.ts [FILE]`; docs/agent.md says how it is signed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { build } from 'vite'

const target = process.argv[2] ?? 'dist/agent/kanpeki-agent.mjs'
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const built = await build({
  configFile: false,
  logLevel: 'warn',
  plugins: [
    {
      name: 'version',
      // There is no package.json beside the bundle.
      load: (id) =>
        id.endsWith('/src/app/version.ts')
          ? `export const VERSION = ${JSON.stringify(process.env['KANPEKI_AGENT_VERSION'] ?? version)}`
          : null,
    },
  ],
  ssr: { noExternal: true, target: 'node' },
  build: {
    write: false,
    ssr: 'src/cli/agent-main.ts',
    target: 'node24',
    rolldownOptions: { output: { format: 'es', codeSplitting: false } },
  },
})
const outputs = Array.isArray(built) ? built : [built]
const chunks = outputs.flatMap((one) => ('output' in one ? one.output : [])).filter((one) => one.type === 'chunk')
const [chunk] = chunks
if (chunk === undefined || chunks.length !== 1) throw new Error(`the agent became ${chunks.length} files, not one`)
mkdirSync(dirname(target), { recursive: true })
writeFileSync(target, chunk.code)
process.stdout.write(`${target}: ${chunk.code.length} characters\n`)
