import { expect, it } from 'vitest'
import { withdrawByEvent } from './testing/withdraw-by-event.ts'

it('an event that a card forbids takes its badge within seconds, and nobody has to ask for it', async () => {
  const { sent, tookMs, badge } = await withdrawByEvent()
  console.info(`withdrawn ${tookMs} ms after the event was sent`)
  expect(badge.reason).toContain('Not one is allowed')
  expect(Date.parse(badge.since)).toBeGreaterThanOrEqual(sent)
}, 90_000)
