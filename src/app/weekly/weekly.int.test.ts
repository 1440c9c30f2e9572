import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { insertAccount } from '../../access/queries.ts'
import type { AccessTables } from '../../access/tables.ts'
import { readCard } from '../../declare/load.ts'
import { runEvaluation } from '../../declare/run.ts'
import type { DeclareTables } from '../../declare/tables.ts'
import { proposeCard } from '../../declare/versions.ts'
import { MAIL_SERVER, storeMailServer } from '../../detect/notify/queries.ts'
import type { NotifyTables } from '../../detect/notify/tables.ts'
import type { Measure } from '../../kernel/measure.ts'
import type { Caller, RawReply } from '../../platform/http/route.ts'
import { createLog } from '../../platform/log.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { startMailbox } from '../../platform/testing/mailbox.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { type Drainer, openDrainer } from '../../prove/drain.ts'
import { openLedger } from '../../prove/ledger.ts'
import { ledgerPlaces } from '../../prove/queries.ts'
import type { ProveTables } from '../../prove/tables.ts'
import { migrations } from '../migrations.ts'
import { type MailingDeps, sendReviews } from './mailing.ts'
import { weeklyRoutes } from './routes.ts'
import type { ReviewMail, ReviewView } from './schema.ts'

/** A Sunday evening in Tokyo, in week 47. */
const T0 = Date.UTC(2026, 10, 22, 9)
const DAY = 86_400_000
const lead = testCaller({ id: 'u-lead', name: 'Mori', account: 'u-lead' })

/** A figure that the test sets. */
let figure = 50
const measure: Measure = {
  id: 'test.share',
  unit: 'percent',
  title: { en: 'Share', ja: '割合' },
  measure: async () => ({ value: figure, good: figure, bad: 100 - figure, unknown: 0, evidence: {} }),
}
const CARD = `id: payments
version: '2026.11.01'
name: { en: Payment path, ja: 決済経路 }
owner: sre
approvers: ['@admin']
scope: { description: { en: Payments, ja: 決済 } }
threats: { in: [{ en: Outsiders, ja: 外部者 }] }
objectives:
  - id: share
    title: { en: Patched hosts, ja: 更新済みホスト }
    measure: test.share
    comparator: '>='
    target: 90
    window: P1D
    maxEvidenceAge: P1D
residualRisks:
  - { description: { en: Old library, ja: 古いライブラリ }, approver: CISO, until: '2026-11-25' }
period: P1D
validity: { from: '2026-11-01', until: '2026-12-05' }
nextReview: '2026-11-30'
withdrawal: [{ on: unmet, periods: 0 }]
`

describeStates('the weekly review', ({ open }) => {
  let state: State
  let drainer: Drainer
  let deps: MailingDeps
  let now = T0
  let folder: string
  const clock = { now: () => now }

  beforeEach(async () => {
    now = T0
    figure = 50
    folder = mkdtempSync(join(tmpdir(), 'weekly-'))
    state = await open(migrations)
    const ledger = await openLedger({ data: folder, clock })
    drainer = await openDrainer({ ledger, state, clock })
    const log = createLog({ write: () => {}, pretty: false, now: Date.now })
    deps = {
      state,
      ledger,
      clock,
      measures: () => [measure],
      ledgerIndexes: (outbox) => ledgerPlaces(state.tables<ProveTables>(), outbox),
      statusOf: () => undefined,
      zoneMinutes: 540,
      sealer: createSealer([new Uint8Array(32).fill(7)]),
      outgoing: createOutgoing({ allow: ['127.0.0.1'], log }),
      log,
      origin: () => 'https://kanpeki.example',
    }
    const loaded = readCard(CARD, '', new Map([[measure.id, measure]]))
    if (!('card' in loaded)) throw new Error(JSON.stringify(loaded))
    await state.transaction<DeclareTables, unknown>((trx) => proposeCard(trx, loaded, lead, now))
    await runEvaluation({ state, clock, measures: [measure] })
    const change = { type: 'rule' as const, scope: 'default', observed: now, received: now }
    await state.transaction((trx) =>
      recordEvidence(trx, [{ ...change, body: { action: 'change', rule: 'r1', title: 'Brute force', version: '2' } }], clock),
    )
    await drainer.drain()
  })
  afterEach(async () => {
    await drainer.stop()
    rmSync(folder, { recursive: true })
  })

  async function ask<T = ReviewView>(method: string, path: string, input: object = {}, caller: Caller = lead): Promise<T> {
    const found = weeklyRoutes({ ...deps, changed: () => {} }).find(
      (one) => one.method === method && one.path === `/api/v1/review${path}`,
    )!
    const given = input as { query?: unknown; body?: unknown }
    const parsed = { query: found.query?.parse(given.query ?? {}), body: found.body?.parse(given.body ?? {}), caller }
    const reply = await found.handle(parsed as never)
    return (found.response === undefined ? reply : found.response.parse(reply)) as T
  }

  it('says what changed, what is at risk and what to decide, each with its proof', async () => {
    const view = await ask('GET', '')
    expect(view).toMatchObject({ week: '2026-W47', current: true, previous: '2026-W46', next: null, held: null })
    expect(view.changed.map(({ kind, count }) => [kind, count])).toEqual([
      ['card', 2],
      ['rule', 1],
    ])
    expect(view.changed[1]?.items[0]).toMatchObject({
      title: { en: 'Rule: changed · Brute force', ja: 'ルール：変更・Brute force' },
      href: expect.stringMatching(/^\/evidence\?entry=\d+$/),
    })
    const [objective] = view.atRisk
    expect(objective).toMatchObject({
      id: 'objective:payments:share',
      tone: 'bad',
      title: { ja: '更新済みホスト：実測50 %、約束は≥ 90 %' },
    })
    const entry = await deps.ledger.entry(objective!.entry!)
    expect(JSON.parse(Buffer.from(entry!).toString())).toMatchObject({ type: 'measure', body: { objective: 'share', value: 50 } })
    expect(view.atRisk.map(({ kind }) => kind).sort()).toEqual(['expiry', 'objective', 'risk'])
    expect(view.toDecide.map(({ id }) => id).sort()).toEqual([
      'card-review:payments',
      'expiry:payments',
      'missed:payments:share',
      'pending:card:payments:2026.11.01',
      'risk:payments:0',
    ])
    expect(view.figures.find(({ id }) => id === 'objectives')).toMatchObject({ value: 0, of: 1, tone: 'bad' })
    expect((await ask('GET', '', {}, testCaller({ scope: 'other' }))).atRisk).toEqual([])
  })

  it('records decisions and the review itself, and keeps how things stood', async () => {
    const week = '2026-W47'
    const decide = (body: object) => ask('POST', '/decisions', { body: { week, ...body } })
    await expect(decide({ item: 'missed:payments:share', choice: 'accept' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(decide({ item: 'missed:payments:other', choice: 'act' })).rejects.toMatchObject({ code: 'not_found' })
    await decide({ item: 'missed:payments:share', choice: 'act', note: 'Patch', owner: 'Ito', due: '2026-11-27' })
    await ask('POST', '/held', { body: { week, note: 'Calm week' } })
    await expect(ask('POST', '/held', { body: { week } })).rejects.toMatchObject({ code: 'conflict' })
    await drainer.drain()
    const held = await ask('GET', '')
    expect(held.decisions).toMatchObject([
      { choice: 'act', owner: 'Ito', due: '2026-11-27', by: 'Mori', entry: expect.any(Number) },
    ])
    const said = JSON.parse(Buffer.from((await deps.ledger.entry(held.decisions[0]!.entry!))!).toString())
    expect(said.body).toMatchObject({ action: 'weekly.decide', about: 'missed:payments:share', by: { name: 'Mori' } })
    expect(held.held).toMatchObject({ by: 'Mori', note: 'Calm week', entry: expect.any(Number) })
    figure = 99
    now += 7 * DAY
    await runEvaluation({ state, clock, measures: [measure] })
    const past = await ask('GET', '', { query: { week } })
    expect(past).toMatchObject({ current: false, next: '2026-W48' })
    expect(past.atRisk).toEqual(held.atRisk)
    await expect(decide({ item: 'missed:payments:share', choice: 'act' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(ask('GET', '', { query: { week: '2026-W50' } })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('goes out by mail once a week at the hour chosen, with the PDF, as long as the person may read it', async () => {
    const { port, mails, close } = await startMailbox()
    try {
      const db = state.tables<AccessTables>()
      const kept = { id: 'u-lead', scope: 'default', password: '', created: now, subject: null, last_seen: null }
      await insertAccount(db, { ...kept, name: 'Mori', email: 'mori@example.com' })
      const role = { id: 'a1', scope: 'default', account_id: 'u-lead', role: 'engineer', origin: 'local' as const }
      await db
        .insertInto('access_assignments')
        .values({ ...role, by_name: 'test', created: now })
        .execute()
      const mail: ReviewMail = { enabled: true, email: 'mori@example.com', weekday: 1, hour: 9, language: 'ja' }
      expect(await ask('GET', '/mail')).toMatchObject({ enabled: false, email: 'mori@example.com', server: false })
      await ask('PUT', '/mail', { body: mail })
      // No server is set up yet: nothing is lost, and it is shown.
      expect(await sendReviews(deps)).toBe(0)
      expect(await ask('GET', '/mail')).toMatchObject({ error: 'No mail server is set up.' })
      const server = { host: '127.0.0.1', port, security: 'none' as const, user: '', secret: null, sender: 'kanpeki@example.com' }
      await storeMailServer(state.tables<NotifyTables>(), { id: MAIL_SERVER, scope: 'default', updated: now, ...server })
      now += 11 * 60_000
      expect(await sendReviews(deps)).toBe(1)
      expect(await sendReviews(deps)).toBe(0)
      // Monday 08:00 in Tokyo is too early, 09:00 is not.
      now = Date.UTC(2026, 10, 22, 23)
      expect(await sendReviews(deps)).toBe(0)
      now += 3_600_000
      expect(await sendReviews(deps)).toBe(1)
      const first = mails[0]!.text
      expect(first).toContain('filename=review-2026-W47.pdf')
      const body = Buffer.from(/text\/plain[\s\S]*?base64\r\n\r\n([\s\S]*?)\r\n\r?\n?--/.exec(first)![1]!, 'base64').toString()
      expect(body).toContain('更新済みホストが未達です')
      expect(body).toContain('https://kanpeki.example/review?scope=default')
      await db.deleteFrom('access_assignments').where('account_id', '=', 'u-lead').execute()
      now += 7 * DAY
      expect(await sendReviews(deps)).toBe(0)
      expect(await ask('GET', '/mail')).toMatchObject({ enabled: false })
    } finally {
      await close()
    }
  })

  it('is a PDF that reads back, in Japanese', async () => {
    const reply = await ask<RawReply>('GET', '/report', { query: { language: 'ja' } })
    const file = join(folder, 'review.pdf')
    writeFileSync(file, reply.body as Uint8Array)
    const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' })
    for (const words of ['2026年第47週', '変わったこと', '危ういこと', '決めること', '更新済みホストが未達です'])
      expect(text).toContain(words)
  })
})
