import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readOutbox } from '../platform/state/outbox.ts'
import { describeStates } from '../platform/testing/states.ts'
import { recordPipelineChange } from './pipeline-changes.ts'

describeStates('the user’s pipelines', ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('leave a trace when they change, and none while they stay', async () => {
    const state = await open()
    const clock = { now: () => 1 }
    const look = () => recordPipelineChange(state, [folder, join(folder, 'nowhere')], clock)
    expect(await look()).toBe(false)
    writeFileSync(join(folder, 'own.yml'), 'title: a\n')
    expect([await look(), await look()]).toEqual([true, false])
    writeFileSync(join(folder, 'own.yml'), 'title: b\n')
    expect(await look()).toBe(true)
    rmSync(join(folder, 'own.yml'))
    expect([await look(), await look()]).toEqual([true, false])
    const bodies = (await readOutbox(state.tables(), 0, 10)).map(({ body }) => [body['action'], body['files']])
    expect(bodies).toEqual([
      ['pipelines', 1],
      ['pipelines', 1],
      ['pipelines', 0],
    ])
  })
})
