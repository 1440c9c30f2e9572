import { createHash } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { IncidentDeps } from './deps.ts'
import { type Actor, enter, HOUSE } from './enter.ts'
import { changeMessage, type Db } from './queries.ts'
import type { IncidentsTable, MessagesTable } from './tables.ts'
import { PHASE_WORDS } from './words.ts'

export interface Letter {
  readonly by: Actor
  readonly subject: string
  readonly text: string
  /** Another channel than the planned one. */
  readonly channel?: string | undefined
}

/** SHA-256 (hexadecimal) of what was said: subject, a line feed, text. */
export function letterDigest(subject: string, text: string): string {
  return createHash('sha256').update(`${subject}\n${text}`).digest('hex')
}

/** What people are told where nobody wrote anything: no names, no addresses, nothing of the events themselves. */
export function standardLetter(
  incident: IncidentsTable,
  message: MessagesTable,
): { readonly subject: string; readonly text: string } {
  const mark = `INC-${incident.number}`
  return {
    subject: `[P${incident.severity}] ${mark} ${incident.title}`.slice(0, 200),
    text: [
      `${mark} · P${incident.severity} · ${PHASE_WORDS[incident.phase].en} / ${PHASE_WORDS[incident.phase].ja}`,
      incident.title,
      ...(incident.title_ja === incident.title || incident.title_ja === '' ? [] : [incident.title_ja]),
      ...(incident.summary === '' ? [] : ['', incident.summary]),
      '',
      `For: ${message.audience_en} — ${message.about_en}`,
      `宛先：${message.audience_ja}（${message.about_ja}）`,
    ].join('\n'),
  }
}

/**
 * Hands a message to its channel, in the transaction that says so. In an exercise nothing leaves the house: it counts as
 * told in the exercise.
 * @param letter undefined: sent by the policy, in its own words.
 * @throws KanpekiError `invalid_input` without a channel, `not_found` for one that does not exist.
 */
export async function sendMessage(
  trx: Db,
  deps: Pick<IncidentDeps, 'tell'>,
  incident: IncidentsTable,
  message: MessagesTable,
  letter: Letter | undefined,
  now: number,
): Promise<IncidentsTable> {
  const { id, scope, number, severity } = incident
  const wanted = letter?.channel ?? message.channel_id
  const { subject, text } = letter ?? standardLetter(incident, message)
  const sha256 = letterDigest(subject, text)
  const by = letter?.by ?? HOUSE
  const facts = { message: message.id, audience: message.audience_en, subject, sha256 }
  const written = { channel_id: wanted, subject, text, sha256, by_name: by.name, error: null }
  if (incident.exercise !== null) {
    await changeMessage(trx, message.id, { ...written, state: 'simulated', sent: now })
    const said = {
      en: `Exercise: ${message.audience_en} would be told now`,
      ja: `演習：${message.audience_ja}への連絡（送信なし）`,
    }
    return await enter(trx, incident, by, { kind: 'message-send', text: said, facts }, now)
  }
  if (wanted === null)
    throw new KanpekiError('invalid_input', `There is no channel to ${message.audience_en}.`, {
      remedy: 'Choose a channel, or say that they were told in person.',
    })
  const { channel, delivery } = await deps.tell(
    trx,
    { scope, channel: wanted, incident: id, number, severity, subject, text },
    now,
  )
  await changeMessage(trx, message.id, { ...written, state: 'queued', channel_name: channel, delivery })
  const said = { en: `Told ${message.audience_en} by ${channel}`, ja: `${message.audience_ja}へ「${channel}」で連絡` }
  return await enter(trx, incident, by, { kind: 'message-send', text: said, facts: { ...facts, channel, delivery } }, now)
}
