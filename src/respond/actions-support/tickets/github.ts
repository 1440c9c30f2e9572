import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { callJson, type JsonCall, textAt, under } from '../call.ts'
import { fenced } from '../plain-text.ts'
import type { OpenedTicket, TicketSystem } from './ticket-system.ts'

/** Issues of GitHub, by its REST API of 2022-11-28. */
export function github(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'github'>, 'name' | 'settings' | 'secrets'>,
): TicketSystem {
  const issues = ['repos', settings.owner, settings.repository, 'issues']
  const call = async (
    parts: readonly string[],
    query: Readonly<Record<string, string>>,
    what: Pick<JsonCall, 'method' | 'body' | 'makes' | 'signal'>,
  ) =>
    await callJson(outgoing, under(settings.url, [...issues, ...parts], query), {
      ...what,
      headers: {
        authorization: `Bearer ${secrets.token}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      },
    })
  return {
    name,
    async open({ title, text }, mark, signal) {
      const body = { title, body: `${fenced(text)}\n\n<!-- ${mark} -->` }
      return opened((await call([], {}, { method: 'POST', body, makes: true, signal })).json)
    },
    async find(mark, signal) {
      // The list is of this moment; the search lags behind.
      const { json } = await call(
        [],
        { state: 'all', sort: 'created', direction: 'desc', per_page: '100' },
        { method: 'GET', signal },
      )
      const found = (Array.isArray(json) ? json : []).find((one) => textAt(one, 'body')?.endsWith(`<!-- ${mark} -->`) === true)
      return found === undefined ? undefined : opened(found)
    },
    async close({ id }, note, signal) {
      await call([id, 'comments'], {}, { method: 'POST', body: { body: fenced(note) }, signal })
      await call([id], {}, { method: 'PATCH', body: { state: 'closed', state_reason: 'not_planned' }, signal })
    },
  }
}

function opened(json: unknown): OpenedTicket {
  const number = textAt(json, 'number') ?? ''
  const url = textAt(json, 'html_url')
  return { id: number, number: `#${number}`, ...(url === undefined ? {} : { url }) }
}
