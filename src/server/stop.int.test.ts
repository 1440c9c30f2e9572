import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { serve } from './serve.ts'

it('stops while the lake does not answer any more, since somebody took the data folder away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-stop-'))
  const log = createLog({ write: () => {}, pretty: false, now: Date.now })
  const kanpeki = await serve(readConfig(folder, { port: '0' }, {}), log)
  rmSync(folder, { recursive: true })
  // What is connected goes on; nothing connects anew.
  process.kill(kanpeki.services.lakePid()!, 'SIGKILL')
  kanpeki.declaring.poke()
  // Long enough for the cards to be judged anew, by a lake that is not there.
  await sleep(8_000)
  const begun = performance.now()
  await kanpeki.stop()
  expect(performance.now() - begun).toBeLessThan(15_000)
}, 115_000)
