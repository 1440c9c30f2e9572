import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../', import.meta.url))
/** Global fetch, clients of Node's own modules, and fetch as a value; servers and types are nobody's concern here. */
const CALLS =
  /(?<![.\w])(fetch|httpRequest|httpsRequest)\(|\bhttps?\.(request|get)\(|(?<![.\w])fetch\s*[,})]|globalThis\.fetch|\bnew WebSocket\(/
/** Commands that a person runs call the server that the person names, and an agent the one that it enrolled with. */
const PERSONS = /^(cli\/|agent\/link\.ts$)/

it('is the only place in the server that calls other systems', () => {
  const callers: string[] = []
  let looked = 0
  for (const entry of readdirSync(SRC, { recursive: true, withFileTypes: true })) {
    const path = relative(SRC, join(entry.parentPath, entry.name)).replaceAll('\\', '/')
    if (!entry.isFile() || !path.endsWith('.ts') || path.endsWith('.test.ts') || path.includes('/testing/') || PERSONS.test(path))
      continue
    looked += 1
    const code = readFileSync(join(SRC, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    if (CALLS.test(code)) callers.push(path)
  }
  expect(looked).toBeGreaterThan(200)
  expect(callers).toEqual(['platform/outgoing/outgoing.ts'])
})
