/** The agent's watch of files alone, over one folder: each change as a JSON line. `node watcher.ts TREE KEPT FULL_CHECK_MS`. */
import { fileCollector } from '../../src/agent/collectors/files.ts'
import { createIntegrity } from '../../src/agent/integrity/integrity.ts'
import type { JsonObject } from '../../src/kernel/json.ts'

const [tree = '', kept = '', fullCheck = ''] = process.argv.slice(2)
const integrity = createIntegrity()
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

const collecting = fileCollector({
  watch: [tree],
  ignore: [],
  rules: [],
  frozen: false,
  fullCheckMs: Number(fullCheck),
  passwd: '/etc/passwd',
  root: '/',
  integrity,
}).run({
  emit: (event) => {
    const { found, changed = [] } = (event['kanpeki_agent'] as { file: { found: string; changed?: string[] } }).file
    const { path } = event['file'] as { path: string }
    const { type } = event['event'] as { type: string[] }
    say({ path, type: type[0], changed, found, at: Date.now() })
    return true
  },
  room: async () => {},
  count: (name, by = 1) => say({ count: name, by }),
  signal: stop.signal,
  folder: kept,
  warn: (message) => say({ warning: message } satisfies JsonObject),
})
while (integrity.report() === undefined && !stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50))
say({ ready: integrity.report()?.paths ?? 0 })
await collecting
