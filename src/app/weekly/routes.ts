import { createHash } from 'node:crypto'
import { findAccount } from '../../access/queries.ts'
import type { AccessTables } from '../../access/tables.ts'
import { storedMailServer } from '../../detect/notify/queries.ts'
import type { NotifyTables } from '../../detect/notify/tables.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { REPORT_POLICY, reportHtml } from '../../platform/report/html.ts'
import { reportPdf } from '../../platform/report/pdf.ts'
import { jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { reviewOf, type WeeklyDeps } from './compute.ts'
import { heldReview, keepDecision, keepMail, keepReview, mailOf } from './queries.ts'
import { reviewReport } from './report.ts'
import { decideBody, holdBody, keptReview, reportQuery, reviewMail, reviewMailView, reviewQuery, reviewView } from './schema.ts'
import type { WeeklyTables } from './tables.ts'

export interface WeeklyRouteDeps extends WeeklyDeps {
  /** The console's address as people reach it, without a trailing slash. */
  readonly origin: () => string
  /** Evidence was recorded. */
  readonly changed: () => void
}

/** The weekly ten minutes: what changed, what is at risk, what to decide; decisions and the review itself are evidence. */
export function weeklyRoutes(deps: WeeklyRouteDeps): Route[] {
  const { state, clock } = deps
  const db = state.tables<WeeklyTables>()
  return [
    route({
      method: 'GET',
      path: '/api/v1/review',
      permission: 'cards:read',
      summary: 'The review of a week (this one, unless named)',
      query: reviewQuery,
      response: reviewView,
      handle: ({ query, caller }) => reviewOf(deps, caller.scope, query.week),
    }),
    route({
      method: 'GET',
      path: '/api/v1/review/report',
      permission: 'cards:read',
      summary: 'The review of a week on paper, as PDF or HTML',
      query: reportQuery,
      handle: async ({ query, caller }) => {
        const view = await reviewOf(deps, caller.scope, query.week)
        const report = reviewReport(view, query.language, deps.origin())
        if (query.format === 'html')
          return new RawReply('text/html; charset=utf-8', reportHtml(report), {
            'cache-control': 'no-store',
            'content-security-policy': REPORT_POLICY,
          })
        return new RawReply('application/pdf', await reportPdf(report), {
          'cache-control': 'no-store',
          'content-disposition': `inline; filename="review-${view.week}${query.language === 'ja' ? '.ja' : ''}.pdf"`,
        })
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/review/decisions',
      permission: 'cards:write',
      summary: 'Decide something that this week’s review asks',
      body: decideBody,
      response: reviewView,
      handle: async ({ body, caller }) => {
        const view = await openReview(deps, caller, body.week)
        const item = [...view.toDecide, ...view.atRisk].find(({ id }) => id === body.item)
        if (item === undefined)
          throw new KanpekiError('not_found', 'The review of this week does not ask that (any more).', {
            remedy: 'Reload the review.',
          })
        if (body.choice !== 'act' && body.note === '')
          throw new KanpekiError('invalid_input', 'To accept or postpone something takes a reason.')
        const { week, choice, note, owner, due } = body
        const now = clock.now()
        await state.transaction<WeeklyTables, void>(async (trx) => {
          const said = { week, about: item.id, title: item.title.en, choice, note, owner, due, entry: item.entry }
          const outbox = await recordEvidence(trx, [evidence(caller, 'weekly.decide', said, now)], clock)
          await keepDecision(trx, {
            scope: caller.scope,
            week,
            item: item.id,
            title: jsonText(item.title),
            choice,
            note,
            owner,
            due,
            by_name: caller.name,
            at: now,
            outbox,
          })
        })
        deps.changed()
        return reviewOf(deps, caller.scope, week)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/review/held',
      permission: 'cards:write',
      summary: 'This week’s review was held: how things stood is kept, and its hash is evidence',
      body: holdBody,
      response: reviewView,
      handle: async ({ body, caller }) => {
        const view = await openReview(deps, caller, body.week)
        const kept = jsonText(keptReview.parse(view))
        const now = clock.now()
        await state.transaction<WeeklyTables, void>(async (trx) => {
          if ((await heldReview(trx, caller.scope, body.week)) !== undefined)
            throw new KanpekiError('conflict', 'The review of this week was held already.')
          const said = {
            week: body.week,
            note: body.note,
            figures: Object.fromEntries(view.figures.map(({ id, value }) => [id, value])),
            changed: view.changed.reduce((sum, { count }) => sum + count, 0),
            atRisk: view.atRisk.length,
            toDecide: view.toDecide.length,
            decided: view.decisions.length,
            sha256: createHash('sha256').update(kept).digest('hex'),
          }
          const outbox = await recordEvidence(trx, [evidence(caller, 'weekly.hold', said, now)], clock)
          await keepReview(trx, {
            scope: caller.scope,
            week: body.week,
            held: now,
            by_name: caller.name,
            note: body.note,
            view: kept,
            outbox,
          })
        })
        deps.changed()
        return reviewOf(deps, caller.scope, body.week)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/review/mail',
      permission: 'cards:read',
      summary: 'Whether and when the review comes to the caller by mail',
      response: reviewMailView,
      handle: ({ caller }) => mailView(caller),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/review/mail',
      permission: 'cards:read',
      summary: 'Have the review sent to oneself each week, or no longer',
      body: reviewMail,
      response: reviewMailView,
      handle: async ({ body, caller }) => {
        const account = person(caller)
        if (body.enabled && body.email === '')
          throw new KanpekiError('invalid_input', 'A mail needs an address.', { remedy: 'Give the address that it goes to.' })
        const now = clock.now()
        await state.transaction<WeeklyTables, void>(async (trx) => {
          const before = await mailOf(trx, caller.scope, account)
          const { enabled, email, weekday, hour, language } = body
          await keepMail(trx, {
            scope: caller.scope,
            account,
            enabled: enabled ? 1 : 0,
            email,
            weekday,
            hour,
            language,
            week: before?.week ?? null,
            sent: before?.sent ?? null,
            error: null,
            next: now,
          })
          const said = { target: email, enabled, weekday, hour, language }
          await recordEvidence(trx, [evidence(caller, enabled ? 'weekly.subscribe' : 'weekly.unsubscribe', said, now)], clock)
        })
        deps.changed()
        return mailView(caller)
      },
    }),
  ]

  async function mailView(caller: Caller) {
    const server = (await storedMailServer(state.tables<NotifyTables>())) !== undefined
    const account = caller.kind === 'person' ? (caller.account ?? caller.id) : undefined
    const row = account === undefined ? undefined : await mailOf(db, caller.scope, account)
    if (row === undefined) {
      const email = account === undefined ? '' : await ownAddress(deps, account)
      return { enabled: false, email, weekday: 1, hour: 9, language: 'en' as const, server, sent: null, error: null }
    }
    const { enabled, email, weekday, hour, language, sent, error } = row
    return {
      enabled: enabled === 1,
      email,
      weekday,
      hour,
      language,
      server,
      sent: sent === null ? null : new Date(sent).toISOString(),
      error,
    }
  }
}

/** @throws KanpekiError `conflict` for a week that is over: what is decided later belongs to a later review. */
async function openReview(deps: WeeklyDeps, caller: Caller, week: string) {
  const view = await reviewOf(deps, caller.scope, week)
  if (view.current) return view
  throw new KanpekiError('conflict', `The week ${week} is over.`, { remedy: 'Decide it in the review of this week.' })
}

function evidence({ scope, id, name }: Caller, action: string, said: JsonObject, now: number) {
  return { type: 'admin' as const, scope, observed: now, received: now, body: { action, by: { id, name }, ...said } }
}

/** @throws KanpekiError `forbidden` for a token: a mail goes to a person. */
function person({ kind, account, id }: Caller): string {
  if (kind === 'person') return account ?? id
  throw new KanpekiError('forbidden', 'A mail goes to a person, and this is a token.', { remedy: 'Sign in.' })
}

async function ownAddress({ state }: WeeklyDeps, account: string): Promise<string> {
  const row = await findAccount(state.tables<AccessTables>(), account)
  return row?.email ?? ''
}
