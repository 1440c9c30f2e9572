import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { type IncidentDetail, type IncidentsReply, incidentsQuery, newIncident, OUTCOMES } from '../respond/incidents/schema.ts'
import { command } from './command.ts'
import { incidentLines, incidentText } from './incidents-output.ts'
import { languageOf } from './language.ts'
import { EXIT, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { apiOf, type CallApi, type ScopedServerOptions } from './server-of.ts'

const USAGE = `Usage: kanpeki incidents list  [--state open|closed|all] [--severity 1,2] [--q WORDS] [--exercises] [--limit N]
       kanpeki incidents show  INC-N | ID
       kanpeki incidents open  [--title TEXT] [--severity 1..4] [--alert ID]… [--summary TEXT]
       kanpeki incidents close INC-N | ID --outcome true|expected|false [--note TEXT]
                               [--json] [--lang en|ja] [--scope NAME] [--data DIR | --url URL --token TOKEN [--ca FILE]]

  list   what people work on, newest first
  show   one with its clocks, tasks, alerts, people and who was told
  open   from alerts, or with a title; tasks, clocks and who has to be told come from the policy
  close  says what it turned out to be

  --json  list: one JSON document a line and incident; the others: one document`

const askOf = (values: ScopedServerOptions): Promise<CallApi> => apiOf(values, 'admin', 'kanpeki incidents')

/** `kanpeki incidents …`: what people work on, from the terminal. */
export function incidentsCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      scope: { type: 'string', default: DEFAULT_SCOPE },
      state: { type: 'string', default: 'open' },
      severity: { type: 'string' },
      q: { type: 'string' },
      exercises: { type: 'boolean', default: false },
      limit: { type: 'string', default: '50' },
      title: { type: 'string' },
      summary: { type: 'string', default: '' },
      alert: { type: 'string', multiple: true, default: [] },
      outcome: { type: 'string' },
      note: { type: 'string', default: '' },
      lang: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [action, ...ids] = positionals
      const language = languageOf(values.lang)
      const show = (incident: IncidentDetail): number => {
        process.stdout.write(values.json ? `${JSON.stringify(incident)}\n` : incidentText(incident, language))
        return EXIT.ok
      }
      switch (action) {
        case 'list': {
          takesAtMost(0, ids, USAGE)
          const exercises = values.exercises ? ('with' as const) : ('without' as const)
          const { state, severity, q, limit } = values
          const asked = incidentsQuery.safeParse({ state, severity, q, limit, exercises })
          if (!asked.success)
            throw usage('--state is open, closed or all; --severity is a list such as 1,2; --limit is from 1 to 200.')
          const query = new URLSearchParams({ state, limit, exercises, ...(severity ? { severity } : {}), ...(q ? { q } : {}) })
          const found = await (await askOf(values))<IncidentsReply>('GET', `/api/v1/incidents?${query}`)
          if (values.json) for (const one of found.incidents) process.stdout.write(`${JSON.stringify(one)}\n`)
          else process.stdout.write(incidentLines(found, language))
          return EXIT.ok
        }
        case 'show': {
          const ask = await askOf(values)
          return show(await ask<IncidentDetail>('GET', `/api/v1/incidents/${await idOf(ask, ids)}`))
        }
        case 'open': {
          const { title, summary, alert: alerts } = values
          const severity = values.severity === undefined ? undefined : Number(values.severity)
          const body = newIncident.safeParse({ title, severity, summary, alerts })
          if (!body.success || ids.length > 0) throw usage('--severity is from 1 to 4, --title has at most 300 signs.')
          return show(await (await askOf(values))<IncidentDetail>('POST', '/api/v1/incidents', body.data))
        }
        case 'close': {
          const outcome = OUTCOMES.find((one) => one === values.outcome)
          if (outcome === undefined) throw usage(`--outcome is one of ${OUTCOMES.join(', ')}.`)
          const ask = await askOf(values)
          const body = { do: 'close', outcome, note: values.note }
          return show(await ask<IncidentDetail>('POST', `/api/v1/incidents/${await idOf(ask, ids)}/deeds`, body))
        }
        default:
          throw usage(action === undefined ? 'What shall be done?' : `There is no 'incidents ${action}'.`)
      }
    },
  )
}

/** `INC-7` and `7` are what people say; the id is what the API takes. */
async function idOf(ask: CallApi, ids: readonly string[]): Promise<string> {
  const [given] = ids
  if (given === undefined || ids.length > 1) throw usage('Which incident? Give one number or id.')
  const number = /^(?:INC-)?(\d{1,9})$/i.exec(given)?.[1]
  if (number === undefined) return encodeURIComponent(given)
  const query = new URLSearchParams({ state: 'all', exercises: 'with', q: `inc-${number}` })
  const { incidents } = await ask<IncidentsReply>('GET', `/api/v1/incidents?${query}`)
  const found = incidents.find((one) => one.number === Number(number))
  if (found === undefined) throw new KanpekiError('not_found', `There is no incident INC-${number}.`)
  return found.id
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
