import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { basic, callJson, type JsonCall, textAt, under } from '../call.ts'
import type { OpenedTicket, Ticket, TicketSystem } from './ticket-system.ts'

/** `incident.state` Canceled, as ServiceNow ships it. */
const CANCELED = '8'
/** `impact` and `urgency` have three grades. */
const GRADE = { 1: '1', 2: '1', 3: '2', 4: '3', 5: '3' } as const satisfies Record<Ticket['severity'], string>

/** Records of ServiceNow, by its Table API. */
export function servicenow(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'servicenow'>, 'name' | 'settings' | 'secrets'>,
): TicketSystem {
  const call = async (
    parts: readonly string[],
    query: Readonly<Record<string, string>>,
    what: Pick<JsonCall, 'method' | 'body' | 'makes' | 'signal'>,
  ) =>
    await callJson(outgoing, under(settings.url, ['api', 'now', 'table', settings.table, ...parts], query), {
      ...what,
      headers: { authorization: basic(settings.user, secrets.password) },
    })
  const opened = (json: unknown): OpenedTicket => {
    const id = textAt(json, 'sys_id') ?? ''
    return {
      id,
      number: textAt(json, 'number') ?? id,
      url: under(settings.url, ['nav_to.do'], { uri: `${settings.table}.do?sys_id=${id}` }).href,
    }
  }
  return {
    name,
    async open({ title, text, severity }, mark, signal) {
      const body = {
        short_description: title,
        description: harmless(text),
        correlation_id: mark,
        correlation_display: 'Kanpeki',
        impact: GRADE[severity],
        urgency: GRADE[severity],
      }
      const { json } = await call([], {}, { method: 'POST', body, makes: true, signal })
      return opened((json as { result?: unknown } | undefined)?.result)
    },
    async find(mark, signal) {
      const query = { sysparm_query: `correlation_id=${mark}`, sysparm_fields: 'sys_id,number', sysparm_limit: '1' }
      const { json } = await call([], query, { method: 'GET', signal })
      const [first] = (json as { result?: unknown[] } | undefined)?.result ?? []
      return first === undefined ? undefined : opened(first)
    },
    async close({ id }, note, signal) {
      await call([id], {}, { method: 'PATCH', body: { state: CANCELED, work_notes: harmless(note) }, signal })
    },
  }
}

/** Between `[code]` and `[/code]` its journal fields draw HTML. */
function harmless(text: string): string {
  return text.replaceAll(/\[(\/?)\s*code\s*\]/gi, '($1code)')
}
