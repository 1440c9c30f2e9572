import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { lockFolder } from './folder-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-lock-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('one holder at a time; a killed one holds nothing', async () => {
  const module = fileURLToPath(new URL('./folder-lock.ts', import.meta.url))
  const script = `import(${JSON.stringify(module)}).then(async ({ lockFolder }) => { await lockFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000) })`
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'data_in_use',
    message: expect.stringContaining(`(${child.pid})`),
  })
  const waiting = lockFolder(folder, 20_000)
  child.kill('SIGKILL')
  const lock = await waiting
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'data_in_use' })
  lock.release()
  ;(await lockFolder(folder)).release()
})
