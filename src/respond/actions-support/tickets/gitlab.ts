import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { callJson, type JsonCall, textAt, under } from '../call.ts'
import { fenced } from '../plain-text.ts'
import type { OpenedTicket, TicketSystem } from './ticket-system.ts'

/** Issues of GitLab, by its REST API v4. Within a fence no line is taken for a quick action. */
export function gitlab(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'gitlab'>, 'name' | 'settings' | 'secrets'>,
): TicketSystem {
  const issues = ['api', 'v4', 'projects', settings.project, 'issues']
  const call = async (
    parts: readonly string[],
    query: Readonly<Record<string, string>>,
    what: Pick<JsonCall, 'method' | 'body' | 'makes' | 'signal'>,
  ) =>
    await callJson(outgoing, under(settings.url, [...issues, ...parts], query), {
      ...what,
      headers: { 'private-token': secrets.token },
    })
  return {
    name,
    async open({ title, text }, mark, signal) {
      const body = { title, description: `${fenced(text)}\n\n${mark}`, issue_type: 'incident' }
      return opened((await call([], {}, { method: 'POST', body, makes: true, signal })).json)
    },
    async find(mark, signal) {
      const { json } = await call([], { search: mark, in: 'description', scope: 'all' }, { method: 'GET', signal })
      const found = (Array.isArray(json) ? json : []).find((one) => textAt(one, 'description')?.endsWith(mark) === true)
      return found === undefined ? undefined : opened(found)
    },
    async close({ id }, note, signal) {
      await call([id, 'notes'], {}, { method: 'POST', body: { body: fenced(note) }, signal })
      await call([id], {}, { method: 'PUT', body: { state_event: 'close' }, signal })
    },
  }
}

function opened(json: unknown): OpenedTicket {
  const id = textAt(json, 'iid') ?? ''
  const url = textAt(json, 'web_url')
  return { id, number: `#${id}`, ...(url === undefined ? {} : { url }) }
}
