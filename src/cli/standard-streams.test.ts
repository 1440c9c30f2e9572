import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

/** Runs a command line of bash, where `kanpeki` is the program. */
function run(line: string): { readonly code: number | null; readonly stderr: string } {
  const script = `kanpeki() { "$NODE" --disable-warning=ExperimentalWarning "$MAIN" "$@"; }; ${line}`
  const env = { ...process.env, NODE: process.execPath, MAIN: main }
  const { status, stderr } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8', timeout: 60_000 })
  return { code: status, stderr }
}

describe('standard streams that break', () => {
  it('ends quietly where its reader went away', () => {
    expect(run('set -o pipefail; kanpeki declare schema | true')).toEqual({ code: 0, stderr: '' })
  })

  it.runIf(existsSync('/dev/full'))('says once that a full disk took nothing, by its exit code too', () => {
    const { code, stderr } = run('kanpeki declare schema > /dev/full')
    expect(code).toBe(74)
    expect(stderr.trim()).toBe('kanpeki: standard output cannot be written: ENOSPC: no space left on device, write')
    expect(run('echo "{}" | kanpeki detect --format sarif - > /dev/full')).toMatchObject({ code: 2 })
  })

  it.runIf(existsSync('/dev/full'))('does its work where nobody can be told of it', () => {
    expect(run('kanpeki declare nonsense 2> /dev/full').code).toBe(64)
  })
})
