import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { ROOT, temporaryFolder } from './support/kanpeki.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
let clone: string
let count = 0

/** A clone with nothing but the launcher: it takes itself for a published package, so that only Node is prepared. */
beforeEach(() => {
  clone = join(folder.path, String(count++))
  mkdirSync(join(clone, 'bin'), { recursive: true })
  cpSync(join(ROOT, 'launcher'), join(clone, 'launcher'), { recursive: true })
})

function prepare(npm: string): { status: number | null; stderr: string } {
  writeFileSync(join(clone, 'bin/npm'), `#!/bin/sh\n${npm}\n`)
  chmodSync(join(clone, 'bin/npm'), 0o755)
  const done = spawnSync(process.execPath, ['launcher/prepare.cjs', 'run'], {
    cwd: clone,
    encoding: 'utf8',
    // The pinned Node is asked for although this one is new enough.
    env: { ...process.env, PATH: `${join(clone, 'bin')}:${process.env['PATH']}`, KANPEKI_PINNED_NODE: '1' },
  })
  return { status: done.status, stderr: done.stderr }
}

it('runs nothing that does not have the pinned integrity', () => {
  const { status, stderr } = prepare('mkdir package && echo evil > package/node && tar -czf node.tgz package')
  expect(status).toBe(69)
  expect(stderr).toMatch(/integrity sha512-\S+, but sha512-\S+ is pinned. Nothing was run/)
  expect(existsSync(join(clone, '.runtime/node-24.21.0'))).toBe(false)
})

it('says what to do when the registry does not answer', () => {
  const { status, stderr } = prepare('exit 1')
  expect(status).toBe(69)
  expect(stderr).toMatch(/could not fetch Node .* Remedy:/)
})

it('takes over the lock of a launcher that died', () => {
  mkdirSync(join(clone, '.runtime'))
  // Larger than any process id Linux gives.
  writeFileSync(join(clone, '.runtime/lock'), String(2 ** 30))
  expect(prepare('exit 1').stderr).toMatch(/could not fetch/)
  expect(existsSync(join(clone, '.runtime/lock'))).toBe(false)
})

it('names the platforms that have a pinned Node', () => {
  writeFileSync(join(clone, 'launcher/node-pins.json'), '{"plan9-mips":{}}')
  const { status, stderr } = prepare('exit 1')
  expect(status).toBe(69)
  expect(stderr).toMatch(/no pinned Node for .*Supported: plan9-mips. Remedy:/)
})
