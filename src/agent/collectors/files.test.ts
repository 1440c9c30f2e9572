import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { fileCollector } from './files.ts'

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

it.skipIf(process.platform !== 'linux')(
  'tells what changes in folders of thousands of files, in new folders and in moved ones, as it happens (needs Linux)',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'kanpeki-files-'))
    made.push(home)
    const at = join(home, 'watched')
    const kept = join(home, 'kept')
    mkdirSync(at)
    mkdirSync(kept)
    const many = join(at, 'many')
    mkdirSync(many)
    for (let i = 0; i < 3_000; i++) writeFileSync(join(many, `file-${i}`), '')
    const told: string[] = []
    const counts = new Map<string, number>()
    const end = new AbortController()
    const collector = fileCollector({ watch: [at], ignore: [], fullCheckMs: 3_600_000, passwd: '/etc/passwd' })
    const running = collector.run({
      emit: (event: JsonObject) => {
        const { action } = event['event'] as { action: string }
        told.push(`${action} ${(event['file'] as { path: string }).path.slice(at.length + 1)}`)
        return true
      },
      room: async () => {},
      count: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
      signal: end.signal,
      folder: kept,
      warn: () => {},
    })
    const until = async (what: string, times = 1): Promise<void> => {
      while (told.filter((one) => one === what).length < times) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    while (counts.get('files.checks') === undefined) await new Promise((resolve) => setTimeout(resolve, 20))
    for (let i = 0; i < 1_000; i++) appendFileSync(join(many, `file-${i}`), 'x')
    await until('file-change many/file-999')
    expect(told.filter((one) => one.startsWith('file-change many/'))).toHaveLength(1_000)
    mkdirSync(join(at, 'new/deep'), { recursive: true })
    writeFileSync(join(at, 'new/deep/one'), '1')
    await until('file-creation new/deep/one')
    writeFileSync(join(at, 'new/deep/two'), '2')
    await until('file-creation new/deep/two')
    renameSync(join(at, 'new'), join(at, 'moved'))
    await until('file-deletion new/deep/two')
    await until('file-creation moved/deep/two')
    writeFileSync(join(at, 'moved/deep/two'), 'other')
    await until('file-change moved/deep/two')
    chmodSync(at, 0o700)
    await until('file-change ')
    rmSync(join(at, 'moved'), { recursive: true })
    await until('file-deletion moved')
    expect(counts.get('files.watchFailed')).toBeUndefined()
    end.abort()
    await running
  },
  60_000,
)
