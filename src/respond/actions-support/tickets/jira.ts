import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { basic, callJson, type JsonCall, textAt, under } from '../call.ts'
import type { OpenedTicket, TicketSystem } from './ticket-system.ts'

/** Issues of Jira Cloud, by its REST API v3. Text goes in as text nodes of Atlassian's document format, which nothing interprets. */
export function jira(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'jira'>, 'name' | 'settings' | 'secrets'>,
): TicketSystem {
  const call = async (
    parts: readonly string[],
    query: Readonly<Record<string, string>>,
    what: Pick<JsonCall, 'method' | 'body' | 'makes' | 'signal'>,
  ) =>
    await callJson(outgoing, under(settings.url, ['rest', 'api', '3', ...parts], query), {
      ...what,
      headers: { authorization: basic(settings.user, secrets.token) },
    })
  const opened = (json: unknown): OpenedTicket => {
    const key = textAt(json, 'key') ?? ''
    return { id: key, number: key, url: under(settings.url, ['browse', key]).href }
  }
  return {
    name,
    async open({ title, text }, mark, signal) {
      const fields = {
        project: { key: settings.project },
        issuetype: { name: settings.type },
        summary: title,
        description: documentOf(text),
        labels: [mark],
      }
      return opened((await call(['issue'], {}, { method: 'POST', body: { fields }, makes: true, signal })).json)
    },
    async find(mark, signal) {
      const query = { jql: `labels = "${mark}"`, fields: 'key', maxResults: '1' }
      const { json } = await call(['search', 'jql'], query, { method: 'GET', signal })
      return textAt(json, 'issues', 0, 'key') === undefined ? undefined : opened((json as { issues: unknown[] }).issues[0])
    },
    async close({ id }, note, signal) {
      await call(['issue', id, 'comment'], {}, { method: 'POST', body: { body: documentOf(note) }, signal })
      const { json } = await call(['issue', id, 'transitions'], {}, { method: 'GET', signal })
      const all = (json as { transitions?: unknown } | undefined)?.transitions
      const ends = (Array.isArray(all) ? all : []).find((one) => textAt(one, 'to', 'statusCategory', 'key') === 'done')
      const transition = textAt(ends, 'id')
      if (transition === undefined) throw new KanpekiError('service_refused', `${id} cannot be closed from where it stands.`)
      await call(['issue', id, 'transitions'], {}, { method: 'POST', body: { transition: { id: transition } }, signal })
    },
  }
}

/** A paragraph a line; an empty text node is not allowed. */
function documentOf(text: string) {
  const content = text
    .split('\n')
    .map((line) => ({ type: 'paragraph', content: line === '' ? [] : [{ type: 'text', text: line }] }))
  return { type: 'doc', version: 1, content }
}
