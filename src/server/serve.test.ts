import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { serve } from './serve.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-serve-'))
afterAll(() => rmSync(folder, { recursive: true }))
const log = createLog({ write: () => {}, pretty: false, now: Date.now })

it.each(['0.0.0.0', '::', '192.0.2.1', 'kanpeki.example'])(
  'refuses to listen in plain text on %s, and touches nothing',
  async (host) => {
    await expect(serve(readConfig(folder, { host, port: '0', tls: 'off' }, {}), log)).rejects.toMatchObject({ code: 'no_tls' })
    expect(readdirSync(folder)).toEqual([])
  },
)
