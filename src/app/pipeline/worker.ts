import { parentPort, workerData } from 'node:worker_threads'
import { applyCounts } from '../../collect/accounting.ts'
import { countOutcomes } from '../../collect/counts.ts'
import { parseRecord } from '../../collect/normalise/parse-record.ts'
import { bodyIdentity, type IngestBody, type IngestReply } from '../../collect/sources/http/body.ts'
import { replyTo } from '../../collect/sources/http/reply.ts'
import { splitBody } from '../../collect/sources/http/split.ts'
import { recordDetections } from '../../detect/alerts.ts'
import { loadRuleSet } from '../../detect/rule-set.ts'
import { systemClock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { connectLake } from '../../platform/lake/connect.ts'
import type { StoredBatch } from '../../platform/lake/lake.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { openState } from '../../platform/state/state.ts'
import { batchRoot } from '../../prove/batch-root.ts'
import { migrations } from '../migrations.ts'
import { createDetector } from './detector.ts'
import type { FromWorker, Replies, Request, ToWorker, WireError, WorkerSettings } from './messages.ts'
import { type CommittedBatch, createWriter } from './writer.ts'

/** The writer thread: parsing, the lake's commit, rules and the state transaction, away from the loop that serves people. */
const port = parentPort
if (port === null) throw new Error('pipeline/worker runs as a worker thread')
const settings = workerData as WorkerSettings
const send = (message: FromWorker): void => port.postMessage(message)

const state = await openState(settings.state, migrations)
const lake = await connectLake(settings.lake, { sealed: settings.sealed })
const rules = loadRuleSet(settings.rules, (file) => {
  const root = settings.roots.find((one) => file.startsWith(one))
  return root === undefined ? file : file.slice(root.length)
})

const detector = createDetector({
  state,
  lake,
  clock: systemClock,
  writer: settings.writer,
  until: await lake.lastSequence(settings.writer),
  rules,
  batchRoot,
  recordDetections: async (trx, detections, now) => {
    const { raised, updated } = await recordDetections(trx, detections, now)
    return { changed: raised.length + updated.length }
  },
  applyCounts,
  recordEvidence,
  countsOf: countsOfStored,
  progressed: (what) => send({ kind: 'progressed', ...what }),
  failed: (error) => send({ kind: 'trouble', error: wireError(error) }),
})

const writer = await createWriter({
  lake,
  clock: systemClock,
  writer: settings.writer,
  parse: parseRecord,
  committed: (batch) => detector.push(batch),
  ready: () => detector.ready(),
})

async function takeBody(body: IngestBody): Promise<IngestReply> {
  const started = performance.now()
  const split = splitBody(body)
  const identity = bodyIdentity(body)
  const committed = await writer.submit({
    source: body.source,
    scope: body.scope,
    request: identity,
    records: split.records,
    // Ids made from the body repeat only with the body; those the sender chose may come again in another one.
    mayRepeat: (id) => !id.startsWith(identity),
    zoneMinutes: 0,
    parsers: [],
    bytes: body.body.byteLength,
    gaps: 0,
    refused: split.refused,
  })
  return replyTo(split, {
    outcomes: committed.outcomes,
    counts: committed.counts,
    tookMs: performance.now() - started,
    sequence: committed.sequence,
  })
}

const handlers: { readonly [K in Request['kind']]: (request: Extract<Request, { kind: K }>) => Promise<Replies[K]> } = {
  body: ({ body }) => takeBody(body),
  batch: async ({ batch }) => {
    const { outcomes: _outcomes, ...result } = await writer.submit({
      ...batch,
      request: '',
      mayRepeat: () => true,
      refused: 0,
    })
    return result
  },
  status: async () => ({ waitingEvents: detector.waiting(), rules: { loaded: rules.rules, refused: rules.refused } }),
  settled: async () => {
    await writer.settled()
    await detector.idle()
    return null
  },
  stop: async () => {
    await writer.settled()
    await detector.idle()
    detector.stop()
    return null
  },
}

port.on('message', async ({ id, request }: ToWorker) => {
  try {
    const handle = handlers[request.kind] as (request: Request) => Promise<Replies[Request['kind']]>
    send({ kind: 'reply', id, value: await handle(request) })
  } catch (error) {
    send({ kind: 'error', id, error: wireError(error) })
  }
  if (request.kind !== 'stop') return
  await lake.close()
  await state.close()
  port.close()
})
send({ kind: 'ready' })

function wireError(error: unknown): WireError {
  if (!(error instanceof KanpekiError)) return { code: 'internal', message: messageOf(error) }
  const { code, message, remedy, place } = error
  return { code, message, ...(remedy === undefined ? {} : { remedy }), ...(place === undefined ? {} : { place }) }
}

/** Accounts of a batch that a crash left uncounted: what the lake holds was received and stored; bytes and repeats are not known any more. */
function countsOfStored(batch: StoredBatch): CommittedBatch['counts'] {
  const bySource = Map.groupBy(batch.events, (event) => `${event.scope}\0${event.source}`)
  return [...bySource.values()].map((events) => {
    const { source, scope } = events[0]!
    const counts = countOutcomes(events.map((event) => (event.parser === 'unknown' ? 'unknown' : 'parsed')))
    return { source, scope, result: { writer: batch.writer, sequence: batch.sequence, counts } }
  })
}
