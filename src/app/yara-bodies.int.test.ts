import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { DetectTables } from '../detect/tables.ts'
import type { JsonObject } from '../kernel/json.ts'
import { createLog } from '../platform/log.ts'
import { openState, type State } from '../platform/state/state.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../platform/testing/lakes.ts'
import { migrations } from './migrations.ts'
import { startYaraBodies } from './yara-bodies.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-bodies-'))
const NOW = Date.UTC(2026, 10, 22, 9)
const isHere = process.platform === 'linux' ? process.arch === 'x64' : process.platform === 'darwin'
let bed: TestLake
let state: State

beforeAll(async () => {
  bed = await startTestLake()
  state = await openState({ path: join(folder, 'state.db') }, migrations)
})
afterAll(async () => {
  await state.close()
  await bed.stop()
  rmSync(folder, { recursive: true })
})

it.skipIf(!isHere)('scans bodies that come, once, and none that were there before', async () => {
  writeFileSync(join(folder, 'shell.yar'), 'rule WebShell { meta: severity = "high" strings: $a = "eval($_POST" condition: $a }')
  writeFileSync(join(folder, 'bad.yar'), 'rule Bad { condition: nothing }')
  const bodyOf = (text: string): JsonObject => ({ host: { name: 'web-1' }, http: { request: { body: { content: text } } } })
  const shell = bodyOf('x=<?php eval($_POST["c"]); ?>')
  await bed.lake.append(testBatch(1, NOW, [testEvent('old', shell)]))
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line), pretty: false, now: () => NOW })
  let raised = 0
  const deps = { state, lake: bed.lake, clock: { now: () => NOW }, log, writer: 'w', folder, raised: () => (raised += 1) }
  const first = await startYaraBodies(deps)
  expect(first.rules.map(({ id }) => id)).toEqual(['yara-WebShell'])
  expect(first.refused).toMatchObject([{ line: 1, code: 'yara-e009' }])
  await vi.waitFor(async () =>
    expect(
      await state
        .tables<{ settings: { key: string } }>()
        .selectFrom('settings')
        .select('key')
        .where('key', '=', 'yara-bodies')
        .execute(),
    ).toHaveLength(1),
  )
  await first.stop()
  await bed.lake.append(testBatch(2, NOW, [testEvent('good', bodyOf('x=1')), testEvent('bad', shell)]))
  const second = await startYaraBodies(deps)
  // The same rules look into artefacts.
  expect(await second.scan!(Buffer.from('x=<?php eval($_POST["c"]); ?>'))).toEqual(['WebShell'])
  expect(await second.scan!(Buffer.from('a report'))).toEqual([])
  await vi.waitFor(() => expect(raised).toBe(1), { timeout: 10_000 })
  await second.stop()
  const third = await startYaraBodies(deps)
  await third.stop()
  const alerts = await state
    .tables<DetectTables>()
    .selectFrom('detect_alerts')
    .select(['rule_id', 'entity_name', 'level', 'event_count'])
    .execute()
  expect(alerts).toEqual([{ rule_id: 'yara-WebShell', entity_name: 'web-1', level: 'high', event_count: 1 }])
  expect(lines).toEqual([])
})
