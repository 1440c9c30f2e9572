import { appendFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openLedger } from './ledger.ts'
import { entriesFrom } from './testing/entries-data.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

it.each([
  ['a checkpoint of a larger log that nobody signed', (text: string) => `${text.replace('\n6\n', '\n9\n')}\n`],
  [
    'one with the name of another log',
    (text: string) => `${text.replace(/^[^\n]+/, 'else.example/log').replace('\n6\n', '\n9\n')}\n`,
  ],
  ['a write that was torn', (text: string) => text.slice(0, 90)],
  ['more junk than the end that is read first', () => 'junk\n'.repeat(300_000)],
])('finds that the log was put back, whatever was appended to its copy: %s', async (_name, junk) => {
  const data = temporaryFolder()
  const copy = join(temporaryFolder(), 'checkpoints')
  const ledger = await openLedger({ data, copies: [copy] })
  await ledger.append(entriesFrom(1, 3))
  cpSync(data, `${data}.before`, { recursive: true })
  await ledger.append(entriesFrom(4, 3))
  appendFileSync(copy, junk(ledger.head.checkpoint.text))
  await expect(openLedger({ data: `${data}.before`, copies: [copy] })).rejects.toMatchObject({ code: 'ledger_rolled_back' })
  expect((await openLedger({ data, copies: [copy] })).head.size).toBe(6)
})
