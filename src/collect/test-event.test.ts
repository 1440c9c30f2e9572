import { expect, test } from 'vitest'
import { testEvent } from './test-event.ts'
import { Recorder } from './testing/recorder.ts'

test('a test event is stored under the id that was foretold, and no two are the same', async () => {
  const recorder = new Recorder()
  for (const { body, eventId } of [testEvent('default', 'file:app', 0), testEvent('default', 'file:app', 0)]) {
    await recorder.commitBody(body)
    expect(recorder.stored.get(eventId)?.json).toMatchObject({
      '@timestamp': '1970-01-01T00:00:00.000Z',
      event: { action: 'kanpeki-test' },
    })
  }
  expect(recorder.counts).toMatchObject({ stored: 2, parsed: 2, repeated: 0 })
})
