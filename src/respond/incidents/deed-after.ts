import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { jsonText } from '../../platform/state/columns.ts'
import type { DeedContext } from './deed-context.ts'
import { changeFollowUp, changeMessage, followUpsOf, insertFollowUp, insertMessages, messagesOf } from './queries.ts'
import type { Deed } from './schema.ts'
import { letterDigest, sendMessage } from './send-message.ts'
import type { FollowUpsTable, IncidentsTable, MessagesTable } from './tables.ts'

type Of<K extends Deed['do']> = Extract<Deed, { readonly do: K }>

// ── Who is told ──

export async function messageDeed({ trx, incident, now, done }: DeedContext, asked: Of<'message'>): Promise<IncidentsTable> {
  const { audience, about, channel, contact, due } = asked
  const row: MessagesTable = {
    id: randomUUID(),
    incident_id: incident.id,
    scope: incident.scope,
    audience_id: null,
    audience_en: audience,
    audience_ja: audience,
    about_en: about,
    about_ja: about,
    channel_id: channel,
    channel_name: '',
    contact,
    due: due === null ? null : Date.parse(due),
    state: 'planned',
    subject: '',
    text: '',
    delivery: null,
    sha256: null,
    sent: null,
    by_name: null,
    error: null,
    created: now,
  }
  await insertMessages(trx, [row])
  return done({
    kind: 'message',
    text: { en: `To be told: ${audience}`, ja: `連絡先を追加：${audience}` },
    facts: { message: row.id, about, due },
  })
}

export async function sendDeed(context: DeedContext, asked: Of<'message-send'>): Promise<IncidentsTable> {
  const message = await openMessage(context, asked.message)
  const { subject, text, channel } = asked
  return await sendMessage(
    context.trx,
    context.deps,
    context.incident,
    message,
    { by: context.by, subject, text, channel },
    context.now,
  )
}

/** By telephone, across the table: who said what to whom is on record, with no more proof than their word. */
export async function saidDeed(context: DeedContext, { message: id, how, text }: Of<'message-said'>): Promise<IncidentsTable> {
  const { trx, by, now, done } = context
  const message = await openMessage(context, id)
  const sha256 = letterDigest('', text)
  await changeMessage(trx, id, { state: 'said', text, contact: how, sent: now, by_name: by.name, sha256, error: null })
  return done({
    kind: 'message-said',
    text: { en: `Told ${message.audience_en} in person: ${how}`, ja: `${message.audience_ja}へ口頭で連絡：${how}` },
    note: text,
    facts: { message: id, how, sha256 },
  })
}

export async function dropDeed(context: DeedContext, { message: id, note }: Of<'message-drop'>): Promise<IncidentsTable> {
  const message = await openMessage(context, id)
  await changeMessage(context.trx, id, { state: 'dropped', by_name: context.by.name })
  return context.done({
    kind: 'message-drop',
    text: { en: `${message.audience_en} need not be told`, ja: `${message.audience_ja}への連絡は不要` },
    note,
    facts: { message: id },
  })
}

async function openMessage({ trx, incident }: DeedContext, id: string): Promise<MessagesTable> {
  const message = (await messagesOf(trx, incident.id)).find((one) => one.id === id)
  if (message === undefined) throw new KanpekiError('not_found', 'This incident has no such message.')
  if (message.state !== 'planned' && message.state !== 'failed')
    throw new KanpekiError('conflict', `${message.audience_en} were dealt with already.`)
  return message
}

// ── What is learnt ──

export function postMortemDeed({ by, now, done }: DeedContext, asked: Of<'post-mortem'>): Promise<IncidentsTable> {
  const { happened, cause, well, badly } = asked
  const written = { happened, cause, well, badly, by: by.name, at: new Date(now).toISOString() }
  return done(
    { kind: 'post-mortem', text: { en: 'Post-mortem written', ja: '振り返りを記録' }, facts: { happened, cause, well, badly } },
    { post_mortem: jsonText(written) },
  )
}

export async function followUpDeed(
  { trx, incident, now, done }: DeedContext,
  { title, owner, due }: Of<'follow-up'>,
): Promise<IncidentsTable> {
  const row: FollowUpsTable = {
    id: randomUUID(),
    incident_id: incident.id,
    scope: incident.scope,
    title,
    owner,
    due: due === null ? null : Date.parse(due),
    created: now,
    done: null,
    done_account: null,
    done_by: null,
    done_note: '',
    verified: null,
    verified_by: null,
    verified_note: '',
  }
  await insertFollowUp(trx, row)
  return done({
    kind: 'follow-up',
    text: { en: `Follow-up for ${owner}: ${title}`, ja: `再発防止策（担当：${owner}）：${title}` },
    facts: { followUp: row.id, owner, due },
  })
}

export async function followUpDoneDeed(
  context: DeedContext,
  { followUp: id, note }: Of<'follow-up-done'>,
): Promise<IncidentsTable> {
  const { trx, by, now, done } = context
  const row = await followUpOf(context, id)
  if (row.done !== null) throw new KanpekiError('conflict', 'It was reported as done already.')
  await changeFollowUp(trx, id, { done: now, done_account: by.account, done_by: by.name, done_note: note })
  return done({
    kind: 'follow-up-done',
    text: { en: `Reported as done: ${row.title}`, ja: `実施済みと報告：${row.title}` },
    note,
    facts: { followUp: id },
  })
}

/** Somebody else has looked: until then it stays open, whoever says that it is done. */
export async function verifiedDeed(
  context: DeedContext,
  { followUp: id, note }: Of<'follow-up-verified'>,
): Promise<IncidentsTable> {
  const { trx, by, now, done } = context
  const row = await followUpOf(context, id)
  if (row.done === null) throw new KanpekiError('conflict', 'Nobody has reported it as done yet.')
  if (row.verified !== null) throw new KanpekiError('conflict', 'It was verified already.')
  const own = row.done_account === null ? row.done_by === by.name : row.done_account === by.account
  if (own || by.account === null)
    throw new KanpekiError('own_approval', `${by.name} did it and may not verify it.`, {
      remedy: 'Ask a colleague who is signed in to look at it.',
    })
  await changeFollowUp(trx, id, { verified: now, verified_by: by.name, verified_note: note })
  return done({
    kind: 'follow-up-verified',
    text: { en: `Verified: ${row.title}`, ja: `実施を確認：${row.title}` },
    note,
    facts: { followUp: id, doneBy: row.done_by },
  })
}

export async function followUpAgainDeed(
  context: DeedContext,
  { followUp: id, note }: Of<'follow-up-again'>,
): Promise<IncidentsTable> {
  const row = await followUpOf(context, id)
  if (row.done === null) throw new KanpekiError('conflict', 'It is open already.')
  await changeFollowUp(context.trx, id, {
    ...{ done: null, done_account: null, done_by: null, done_note: '' },
    ...{ verified: null, verified_by: null, verified_note: '' },
  })
  return context.done({
    kind: 'follow-up-again',
    text: { en: `Not done after all: ${row.title}`, ja: `未実施に差し戻し：${row.title}` },
    note,
    facts: { followUp: id, before: { doneBy: row.done_by, verifiedBy: row.verified_by } },
  })
}

async function followUpOf({ trx, incident }: DeedContext, id: string): Promise<FollowUpsTable> {
  const row = (await followUpsOf(trx, incident.id)).find((one) => one.id === id)
  if (row === undefined) throw new KanpekiError('not_found', 'This incident has no such follow-up.')
  return row
}
