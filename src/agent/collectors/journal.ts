import { spawn } from 'node:child_process'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { journald } from '../../collect/parsers/journald/journald.ts'
import { isJsonObject } from '../../kernel/json.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import type { Collector } from '../collector.ts'

const SAVE_EVERY = 200

/**
 * The systemd journal through `journalctl`, from where the last run stopped, read by the same parser as the server's.
 * Nothing is lost while the spool is full: reading waits.
 */
export function journalCollector(program = 'journalctl'): Collector {
  return {
    id: 'journal',
    async run({ emit, room, count, signal, folder }) {
      const file = join(folder, 'journal.cursor')
      const cursor = await readFile(file, 'utf8').catch(() => undefined)
      if (!program.includes('/') && !(await onPath(program))) {
        count('journal.absent')
        return await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      }
      const from = cursor === undefined || cursor === '' ? ['--lines=0'] : [`--after-cursor=${cursor}`]
      const child = spawn(program, ['--output=json', '--follow', '--no-pager', '--all', ...from], {
        stdio: ['ignore', 'pipe', 'ignore'],
        signal,
      })
      const ended = new Promise<void>((resolve) => {
        child.once('error', () => resolve())
        child.once('close', () => resolve())
      })
      let last = cursor
      let since = 0
      try {
        for await (const line of createInterface({ input: child.stdout })) {
          let record: unknown
          try {
            record = JSON.parse(line)
          } catch {
            count('journal.unread')
            continue
          }
          if (!isJsonObject(record)) continue
          const at = record['__CURSOR']
          const parsed = journald.parse({ id: String(at), json: record }, { received: Date.now(), zoneMinutes: 0, prefer: [] })
          if ('unknown' in parsed) count('journal.unread')
          else
            for (const { ecs, observed } of parsed) {
              const event = observed === undefined ? ecs : { ...ecs, '@timestamp': new Date(observed).toISOString() }
              while (!emit(event) && !signal.aborted) await room()
            }
          if (typeof at === 'string') last = at
          since += 1
          if (since >= SAVE_EVERY && last !== undefined) {
            await writeFileAtomically(file, last)
            since = 0
          }
        }
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        child.kill()
        await ended
        if (last !== undefined) await writeFileAtomically(file, last)
      }
    },
  }
}

async function onPath(program: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    try {
      await access(join(folder, program))
      return true
    } catch {
      // The next one.
    }
  }
  return false
}
