import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readCard } from '../declare/load.ts'
import type { LedgerEntry } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import { type Ledger, openLedger } from '../prove/ledger.ts'
import { makeBundle } from '../prove/make-bundle.ts'
import { readFolder } from '../prove/read-folder.ts'
import { verifyBundle } from '../prove/verify/bundle.ts'
import { formatBundle } from '../prove/verify/bundle-format.ts'
import { utf8 } from '../prove/verify/bytes.ts'
import { verifyDirectory } from '../prove/verify/directory.ts'
import { knownMeasures } from './declare.ts'
import { checkCardFile } from './verify-card.ts'

const CARD = `
id: web-card
version: 2026.11.01
name: { en: Web, ja: ウェブ }
owner: web team
approvers: ['@admin']
signatures: 1
scope: { id: default, description: { en: Web, ja: ウェブ } }
threats: { in: [{ en: Outsiders, ja: 外部の攻撃者 }] }
objectives:
  - id: complete
    title: { en: Completeness, ja: 完全性 }
    measure: collect.source-completeness
    comparator: ">="
    target: 99
    margin: 0.5
    window: P7D
    maxEvidenceAge: PT15M
period: P1D
validity: { from: 2026-01-01, until: 2099-01-01 }
nextReview: 2098-12-01
withdrawal: [{ on: stale-evidence, grace: PT1H }]
`
const TIME = '2026-11-22T09:00:00.000Z'

function cardEntry(outbox: number, body: JsonObject): LedgerEntry {
  const times = { observed: TIME, received: TIME, logged: TIME }
  return { v: 1, type: 'card', scope: 'default', outbox, ...times, body: { card: 'web-card', ...body } }
}

function documentOf(yaml: string): { readonly hash: string; readonly document: JsonObject } {
  const read = readCard(yaml, 'x.yml', knownMeasures())
  if ('problems' in read) throw new Error(read.problems[0]?.message)
  return { hash: read.hash, document: read.card as unknown as JsonObject }
}

/** A log in which this card was written, signed and put in force. */
async function logOf(body = documentOf(CARD)): Promise<{ data: string; ledger: Ledger; file: (yaml: string) => string }> {
  const data = mkdtempSync(join(tmpdir(), 'kanpeki-card-'))
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const ledger = await openLedger({ data, origin: 'example.com/soc' })
  const { hash } = body
  await ledger.append([
    cardEntry(1, { change: 'written', ...body }),
    cardEntry(2, { change: 'signed', hash }),
    cardEntry(3, { change: 'in-force', hash, before: null }),
  ])
  const file = (yaml: string): string => {
    const path = join(data, 'card.yml')
    writeFileSync(path, yaml)
    return path
  }
  return { data, ledger, file }
}

test('a card is found in the log whatever its comments, and a changed one is named with the entry that is in force', async () => {
  const { data, ledger, file } = await logOf()
  const report = await verifyDirectory(readFolder(data), { trusted: [ledger.key] })
  const same = await checkCardFile(report, file(`# copied from the wiki\n${CARD}`))
  expect(same).toMatchObject({ verdict: 'proved', failures: [] })
  expect(same.notes.join()).toContain('written by entry 0, signed by entry 1, in-force by entry 2')
  for (const [from, to] of [
    ['target: 99', 'target: 98'],
    ['window: P7D', 'window: P8D'],
    ['owner: web team', 'owner: another'],
    ['signatures: 1', 'signatures: 2'],
  ] as const) {
    const changed = await checkCardFile(report, file(CARD.replace(from, to)))
    expect(changed.verdict).toBe('failed')
    expect(changed.failures).toMatchObject([{ path: join(data, 'card.yml'), leaf: 2, code: 'card_mismatch' }])
  }
  await expect(checkCardFile(report, file('id: ['))).rejects.toMatchObject({
    code: 'usage',
  })
})

test('a bundle of a card says the same, and a document that is not what was signed is found in it and in the log', async () => {
  const { ledger, file } = await logOf()
  const about = { card: 'web-card' }
  const bundleOf = async (one: Ledger) => {
    const log = { checkpoint: one.head.checkpoint, key: one.key.text, entry: one.entry, readTile: one.readTile }
    return makeBundle({ log, about, indexes: [0, 1, 2] })
  }
  const bundle = await bundleOf(ledger)
  const report = await verifyBundle(utf8(formatBundle(bundle)), 'b', { trusted: [ledger.key] })
  expect(await checkCardFile(report, file(CARD))).toMatchObject({ verdict: 'proved' })
  expect((await checkCardFile(report, file(CARD.replace('target: 99', 'target: 90')))).failures).toMatchObject([
    { leaf: 2, code: 'card_mismatch' },
  ])
  const [written, ...rest] = bundle.entries
  const entries = [{ ...written!, entry: written!.entry.replace('"target":99', '"target":90') }, ...rest]
  const changed = await verifyBundle(utf8(formatBundle({ ...bundle, entries })), 'b', { trusted: [ledger.key] })
  expect(changed.failures.map(({ path, leaf, code }) => [path, leaf, code])).toEqual([
    ['b#/entries/0', 0, 'card_mismatch'],
    ['b#/entries/0', 0, 'inclusion_failed'],
  ])

  // Logged like this from the start: the signature on the log holds, the signatures on the card are not on this document.
  const { hash } = documentOf(CARD)
  const forged = await logOf({ hash, document: documentOf(CARD.replace('target: 99', 'target: 90')).document })
  const found = await verifyDirectory(readFolder(forged.data), { trusted: [forged.ledger.key] })
  expect(found.failures).toMatchObject([{ path: 'ledger/tile/entries/000.p/3', leaf: 0, code: 'card_mismatch' }])
})
