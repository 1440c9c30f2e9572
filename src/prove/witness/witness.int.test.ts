import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import type { State } from '../../platform/state/state.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import { proveMigrations } from '../migrations.ts'
import { consistencyProof } from '../proofs.ts'
import { readFolder } from '../read-folder.ts'
import { parseSigningKey, signingKeyOf } from '../signing-key.ts'
import { entriesFrom, entryOf } from '../testing/entries-data.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { textOf, utf8 } from '../verify/bytes.ts'
import type { Checkpoint } from '../verify/checkpoint.ts'
import { checkCosignature } from '../verify/cosignature.ts'
import { verifyDirectory } from '../verify/directory.ts'
import { emptyRoot } from '../verify/merkle.ts'
import { parseSignatureLine } from '../verify/note.ts'
import { ROTATION_ACTION, rotationText } from '../verify/rotation.ts'
import { openCosigning } from './ask.ts'
import { formatAddCheckpoint, parseAddCheckpoint } from './request.ts'
import { createWitness, type Witness } from './witness.ts'
import { witnessKeyOf } from './witness-key.ts'

const NOW = Date.parse('2026-03-01T10:00:00.000Z')
const clock = { now: () => NOW }
const KEY = witnessKeyOf('witness.example/w1', Buffer.alloc(32, 7))

async function logOf(size: number, data = temporaryFolder()): Promise<Ledger> {
  const ledger = await openLedger({ data, origin: 'example.com/soc' })
  await grow(ledger, size)
  return ledger
}

async function grow(ledger: Ledger, by: number): Promise<void> {
  if (by > 0) await ledger.append(entriesFrom(ledger.head.size + 1, by))
}

async function bodyFor(ledger: Ledger, old: number, checkpoint: Checkpoint = ledger.head.checkpoint): Promise<Uint8Array> {
  const proof = old === 0 || old >= checkpoint.size ? [] : await consistencyProof(old, checkpoint.size, ledger.readTile)
  return utf8(formatAddCheckpoint({ old, proof, checkpoint }))
}

describe('the body of add-checkpoint', () => {
  test('comes back as it was written', async () => {
    const ledger = await logOf(9)
    const body = await bodyFor(ledger, 5)
    const read = parseAddCheckpoint(body)!
    expect([read.old, read.proof.length > 0, read.checkpoint.size]).toEqual([5, true, 9])
    expect(formatAddCheckpoint(read)).toBe(textOf(body))
  })

  test.each<[what: string, change: (text: string) => string]>([
    ['no old size', (text) => text.replace(/^old \d+\n/, '')],
    ['a size with zeroes before it', (text) => text.replace('old 5', 'old 05')],
    ['a negative size', (text) => text.replace('old 5', 'old -5')],
    ['a hash that is too short', (text) => text.replace('old 5\n', 'old 5\nAAAA\n')],
    ['64 hashes', (text) => text.replace('old 5\n', `old 5\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}`)],
    ['no empty line', (text) => text.replace('\n\n', '\n')],
    ['no checkpoint', (text) => text.slice(0, text.indexOf('\n\n') + 2)],
    ['other line ends', (text) => text.replaceAll('\n', '\r\n')],
  ])('is refused with %s', async (_, change) => {
    const text = textOf(await bodyFor(await logOf(9), 5))!
    expect(change(text)).not.toBe(text)
    expect(parseAddCheckpoint(utf8(change(text)))).toBeUndefined()
  })
})

describeStates('a witness', (bed) => {
  const witnessOf = async (ledger: Ledger): Promise<{ witness: Witness; state: State }> => {
    const state = await bed.open(proveMigrations)
    return { witness: createWitness({ state, clock, key: KEY, logs: [ledger.key] }), state }
  }

  test('cosigns a log that grows, and says how far it is to whoever does not know', async () => {
    const ledger = await logOf(3)
    const { witness } = await witnessOf(ledger)
    for (const [old, add] of [
      [0, 0],
      [3, 250],
      [253, 0],
      [253, 900],
    ] as const) {
      await grow(ledger, add)
      const answer = await witness.addCheckpoint(await bodyFor(ledger, old))
      expect(answer.status).toBe(200)
      const line = parseSignatureLine(answer.body.trimEnd())!
      const signed = await checkCosignature({ text: ledger.head.checkpoint.note.text, signatures: [line] }, KEY.verifier)
      expect(signed).toMatchObject({ seconds: NOW / 1000 })
    }
    for (const old of [0, 3, 1152])
      expect(await witness.addCheckpoint(await bodyFor(ledger, old))).toMatchObject({
        status: 409,
        body: '1153\n',
        type: 'text/x.tlog.size',
      })
  })

  test('never cosigns two histories, and records what shows them', async () => {
    const data = temporaryFolder()
    const ledger = await logOf(40, data)
    const { witness, state } = await witnessOf(ledger)
    expect((await witness.addCheckpoint(await bodyFor(ledger, 0))).status).toBe(200)
    const other = await forkOf(ledger, data)
    expect((await witness.addCheckpoint(await bodyFor(other, 40))).status).toBe(422)
    const evidence = await state.tables<StateTables>().selectFrom('outbox').select('body').execute()
    expect(evidence.map(({ body }) => JSON.parse(String(body)).action)).toEqual(['witness.contradiction'])
    // Of the same size but another root there is nothing to prove.
    const same = await forkOf(ledger, data, 40)
    expect((await witness.addCheckpoint(await bodyFor(same, 40))).status).toBe(409)
    await grow(ledger, 5)
    expect((await witness.addCheckpoint(await bodyFor(ledger, 40))).status).toBe(200)
  })

  test('cosigns one of those that come at once', async () => {
    const ledger = await logOf(10)
    const { witness } = await witnessOf(ledger)
    await witness.addCheckpoint(await bodyFor(ledger, 0))
    const bodies: Uint8Array[] = []
    for (let n = 0; n < 4; n++) {
      await grow(ledger, 1)
      bodies.push(await bodyFor(ledger, 10))
    }
    const statuses = (await Promise.all(bodies.map((body) => witness.addCheckpoint(body)))).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(3)
  })

  test.each<[what: string, status: number, change: (text: string) => string]>([
    ['a log that it does not know', 404, (text) => text.replace('\nexample.com/soc\n', '\nexample.com/else\n')],
    [
      'a changed root',
      403,
      (text) =>
        text.replace(/\n(.)(\S{43})\n\n— /, (_, first: string, rest: string) => `\n${first === 'A' ? 'B' : 'A'}${rest}\n\n— `),
    ],
    ['an old size beyond the checkpoint', 400, (text) => text.replace('old 0', 'old 12')],
    ['nonsense', 400, () => 'hello\n'],
  ])('refuses %s', async (_, status, change) => {
    const ledger = await logOf(10)
    const { witness } = await witnessOf(ledger)
    const answer = await witness.addCheckpoint(utf8(change(textOf(await bodyFor(ledger, 0))!)))
    expect(answer.status).toBe(status)
  })

  test('vouches for another Kanpeki over HTTP, for whoever has its files alone', async () => {
    const data = temporaryFolder()
    const ledger = await logOf(10, data)
    const { witness } = await witnessOf(ledger)
    const url = await serve(witness)
    const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })
    const places = [{ url, key: KEY.verifier }]
    const cosigning = await openCosigning({ ledger, outgoing, places })
    await cosigning.ask()
    expect(cosigning.states).toMatchObject([{ size: 10, at: NOW, failures: 0, reason: null }])
    await grow(ledger, 300)
    await cosigning.ask()
    const { checkpoint } = ledger.head
    expect(cosigning.cosigned(checkpoint).note.signatures).toHaveLength(2)
    // After a restart it asks from where it was, and learns it anew where that is lost.
    await grow(ledger, 5)
    const again = await openCosigning({ ledger, outgoing, places })
    expect(again.states[0]!.size).toBe(310)
    await again.ask()
    await ledger.keepCosigned(utf8('nothing'))
    const lost = await openCosigning({ ledger, outgoing, places })
    await grow(ledger, 1)
    await lost.ask()
    expect(lost.states).toMatchObject([{ size: 316, reason: null }])

    const options = { trusted: [ledger.key], witnesses: [KEY.verifier] }
    await grow(ledger, 4)
    const report = await verifyDirectory(readFolder(data), options)
    expect(report).toMatchObject({
      verdict: 'proved',
      size: 320,
      witnesses: [{ name: 'witness.example/w1', size: 316, at: new Date(NOW).toISOString() }],
    })
    const stranger = witnessKeyOf('witness.example/w2', Buffer.alloc(32, 8)).verifier
    expect((await verifyDirectory(readFolder(data), { ...options, witnesses: [stranger] })).failures).toMatchObject([
      { path: 'ledger/cosigned', code: 'not_witnessed' },
    ])
    // Whoever holds the log's key writes another history: the cosigned checkpoint does not fit it.
    const other = await forkOf(ledger, data, 330)
    await other.keepCosigned(utf8(lost.newest!.text))
    const rewritten = await verifyDirectory(readFolder(folderOf(other)), options)
    expect(rewritten.failures).toMatchObject([{ path: 'ledger/cosigned', code: 'forked' }])
  })

  test('follows a log to its new keys, each key to one, and to none that somebody else signed', async () => {
    const ledger = await logOf(10)
    const { key } = ledger
    const { witness, state } = await witnessOf(ledger)
    const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })
    const places = [{ url: await serve(witness), key: KEY.verifier }]
    const cosigning = await openCosigning({ ledger, outgoing, places })
    await cosigning.ask()
    const notes: string[] = []
    for (const _ of [1, 2]) {
      const note = await ledger.prepareRotation()
      notes.push(note)
      await ledger.append([entryOf(ledger.head.outbox + 1, { action: ROTATION_ACTION, note })])
      await grow(ledger, 3)
    }
    // Two changes have gone by since the witness was asked: it is shown both.
    await cosigning.ask()
    expect(cosigning.states).toMatchObject([{ size: 18, failures: 0, reason: null }])
    const { checkpoint } = ledger.head
    expect(await checkCosignature(cosigning.cosigned(checkpoint).note, KEY.verifier)).toMatchObject({ seconds: NOW / 1000 })
    expect(await witness.followKey(utf8(notes[0]!))).toMatchObject({ status: 200 })

    const old = signingKeyOf('example.com/soc', Buffer.alloc(32, 5))
    const [thief, stranger] = [
      signingKeyOf('example.com/soc', Buffer.alloc(32, 6)),
      signingKeyOf('example.org/x', Buffer.alloc(32, 6)),
    ]
    const note = (from: typeof old, to: typeof old) =>
      utf8(from.signNote(rotationText(from.verifier, to.verifier)) + to.signatureLine(rotationText(from.verifier, to.verifier)))
    expect(await witness.followKey(note(old, thief))).toMatchObject({ status: 403 })
    expect(await witness.followKey(note(stranger, signingKeyOf('example.org/x', Buffer.alloc(32, 9))))).toMatchObject({
      status: 404,
    })
    expect(await witness.followKey(utf8(notes[1]!.replace(/— .*\n$/u, '')))).toMatchObject({ status: 400 })
    expect(await witness.followKey(utf8(''))).toMatchObject({ status: 400 })
    const followed = await state.tables<Pick<StateTables, 'outbox'>>().selectFrom('outbox').select('body').execute()
    expect(followed.map(({ body }) => JSON.parse(String(body)))).toMatchObject([
      { action: 'witness.follow-key', log: 'example.com/soc', from: key.id },
      { action: 'witness.follow-key', to: ledger.key.id },
    ])
  })

  test('that cannot be reached is counted, and asked again', async () => {
    const ledger = await logOf(2)
    const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })
    const cosigning = await openCosigning({
      ledger,
      outgoing,
      places: [{ url: 'http://127.0.0.1:9/witness', key: KEY.verifier }],
    })
    await cosigning.ask()
    await cosigning.ask()
    expect(cosigning.states).toMatchObject([{ size: 0, at: null, failures: 2, reason: expect.stringContaining('ECONNREFUSED') }])
    expect(cosigning.cosigned(ledger.head.checkpoint)).toBe(ledger.head.checkpoint)
  })
})

const folders = new WeakMap<Ledger, string>()
const folderOf = (ledger: Ledger): string => folders.get(ledger)!

/** Another history signed with the same key. */
async function forkOf(ledger: Ledger, data: string, size = ledger.head.size + 9): Promise<Ledger> {
  const folder = temporaryFolder()
  cpSync(join(data, 'keys'), join(folder, 'keys'), { recursive: true })
  const files = join(folder, 'ledger')
  mkdirSync(files)
  const key = parseSigningKey(readFileSync(join(data, 'keys', 'ledger.key'), 'utf8').trim())!
  writeFileSync(join(files, 'checkpoint'), key.signCheckpoint(0, emptyRoot()))
  const other = await openLedger({ data: folder, origin: 'example.com/soc' })
  await other.append(Array.from({ length: size }, (_, at) => entryOf(at + 1, { note: 'another history' })))
  expect(other.key.text).toBe(ledger.key.text)
  folders.set(other, folder)
  return other
}

async function serve(witness: Witness): Promise<string> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const sent = Buffer.concat(parts)
    const known = ['/witness/add-checkpoint', '/witness/follow-key'].includes(request.url ?? '')
    const follows = request.url === '/witness/follow-key'
    const { status, body, type } = await (follows ? witness.followKey(sent) : witness.addCheckpoint(sent))
    response.writeHead(known ? status : 404, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/witness`
}
