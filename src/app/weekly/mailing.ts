import { createHash } from 'node:crypto'
import { assignmentsOf, findAccount } from '../../access/queries.ts'
import { permissionsOf } from '../../access/roles.ts'
import type { AccessTables } from '../../access/tables.ts'
import { sendMail } from '../../detect/notify/mail.ts'
import { storedMailServer } from '../../detect/notify/queries.ts'
import { mailRouteOf } from '../../detect/notify/secrets.ts'
import type { NotifyTables } from '../../detect/notify/tables.ts'
import { messageOf } from '../../kernel/error.ts'
import type { Log } from '../../platform/log.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { reportPdf } from '../../platform/report/pdf.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import type { State } from '../../platform/state/state.ts'
import { type Repeating, repeatEvery } from '../repeat.ts'
import { reviewOf, type WeeklyDeps } from './compute.ts'
import { reviewMailText } from './mail-text.ts'
import { mailsDue, markMail } from './queries.ts'
import { reviewReport } from './report.ts'
import type { ReviewMailTable, WeeklyTables } from './tables.ts'
import { weekOf } from './week.ts'

const LOOK_EVERY_MS = 60_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** After a failure; a mail server that is away for the night is asked again in the morning. */
const AGAIN_AFTER_MS = 10 * 60_000

export interface MailingDeps extends WeeklyDeps {
  readonly sealer: Sealer
  readonly outgoing: Outgoing
  readonly log: Log
  readonly origin: () => string
}

/** Sends this week's review to whoever asked for it, once a week, at their hour; what failed is tried again. */
export function startReviewMailing(deps: MailingDeps): Repeating {
  return repeatEvery(
    LOOK_EVERY_MS,
    async () => void (await sendReviews(deps)),
    (error) => deps.log.error('sending the weekly review failed and is tried again', { reason: messageOf(error) }),
  )
}

/** One round. @returns how many were sent. */
export async function sendReviews(deps: MailingDeps): Promise<number> {
  const { state, clock } = deps
  const db = state.tables<WeeklyTables>()
  let sent = 0
  for (const row of await mailsDue(db, clock.now())) {
    const now = clock.now()
    const week = weekOf(now, deps.zoneMinutes)
    if (row.week === week.id || now < week.from + (row.weekday - 1) * DAY + row.hour * HOUR) continue
    try {
      if (!(await mayRead(state, row))) {
        await markMail(db, row, { enabled: 0, error: null })
        continue
      }
      await sendTo(deps, row, week.id)
      await markMail(db, row, { week: week.id, sent: now, error: null, next: now })
      sent += 1
    } catch (error) {
      const reason = messageOf(error).slice(0, 500)
      deps.log.warn('a weekly review did not go out and is tried again', { reason })
      await markMail(db, row, { error: reason, next: now + AGAIN_AFTER_MS })
    }
  }
  return sent
}

/** Whoever lost their account, or their place in the scope, gets nothing more of what happens there. */
async function mayRead(state: State, { account, scope }: ReviewMailTable): Promise<boolean> {
  const db = state.tables<AccessTables>()
  if ((await findAccount(db, account))?.active !== 1) return false
  return permissionsOf(await assignmentsOf(db, account), scope).has('cards:read')
}

async function sendTo(deps: MailingDeps, { scope, account, email, language }: ReviewMailTable, week: string): Promise<void> {
  const server = await storedMailServer(deps.state.tables<NotifyTables>())
  if (server === undefined) throw new Error('No mail server is set up.')
  const view = await reviewOf(deps, scope, week)
  const pdf = await reportPdf(reviewReport(view, language, deps.origin()))
  // The same over all tries, so that a mailbox can tell a repetition.
  const id = createHash('sha256').update(`review ${scope} ${account} ${week}`).digest('hex').slice(0, 32)
  await sendMail(deps.outgoing, mailRouteOf(server, deps.sealer), [email], id, {
    ...reviewMailText(view, language, deps.origin()),
    attachments: [{ filename: `review-${week}.pdf`, content: pdf, contentType: 'application/pdf' }],
  })
}
