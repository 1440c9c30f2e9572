import { expect, it } from 'vitest'
import { clientOf } from './connect.ts'
import { Engine } from './engine-calls.ts'

it('waits no longer for a lake that does not answer once patience has an end', async () => {
  // Nothing listens on the port that TCP calls its multiplexer's.
  const engine = new Engine(clientOf({ kind: 'cluster', url: 'http://127.0.0.1:1' }), 60_000)
  const begun = performance.now()
  const waiting = engine.rows('SELECT 1').catch((error: { code: string }) => error.code)
  engine.endPatience(300)
  expect(await waiting).toBe('lake_unreachable')
  for (let call = 0; call < 20; call++)
    await expect(engine.command('SELECT 1')).rejects.toMatchObject({ code: 'lake_unreachable' })
  expect(performance.now() - begun).toBeLessThan(5_000)
  await engine.close()
})
