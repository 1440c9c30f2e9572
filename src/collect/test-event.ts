import { createHash, randomUUID } from 'node:crypto'
import { bodyIdentity, type IngestBody } from './sources/http/body.ts'

/**
 * One event that shows the whole path works, in the name of a source: hand `body` to the writer as any sender's; once it
 * answered, the event is stored as `eventId`. Each is unlike every other, or it would count as repeated.
 * @param now milliseconds UTC.
 */
export function testEvent(scope: string, source: string, now: number): { readonly body: IngestBody; readonly eventId: string } {
  const at = new Date(now).toISOString()
  const document = {
    '@timestamp': at,
    message: `Kanpeki test event ${randomUUID()} for ${source}`,
    event: { kind: 'event', action: 'kanpeki-test', dataset: 'kanpeki.test' },
    tags: ['kanpeki-test'],
  }
  const bytes = Buffer.from(JSON.stringify(document))
  const body: IngestBody = {
    source,
    scope,
    tokenId: 'test-event',
    format: 'lines',
    index: undefined,
    body: new Uint8Array(bytes),
    digest: createHash('sha256').update(bytes).digest('hex'),
    origin: '127.0.0.1',
    received: now,
  }
  return { body, eventId: `${bodyIdentity(body)}-0` }
}
