import { stopPage } from '../proxy/block-page.ts'
import { decodedBody } from '../proxy/decoded-body.ts'
import { type HeaderLine, headerOf, valuesOf } from '../proxy/http1/headers.ts'
import type { Inspected, Inspection, Inspector, Verdict } from '../proxy/inspection.ts'
import { plainHost } from '../proxy/plain-host.ts'
import type { MatchMessage, ResponseHead } from '../transaction.ts'
import { bodyFaults, headFaults, operationOf } from './api-check.ts'
import { below } from './below.ts'
import { graphqlFaults } from './graphql-check.ts'
import { LEAKS, type LeakKind, leaksIn } from './leaks.ts'
import { loadOpenApi } from './openapi.ts'
import type { ApiSettings, GraphqlSettings, LeakSettings, UploadSettings } from './settings.ts'
import { uploadsOf } from './uploads.ts'

/** As rules of ours, in logs. */
export const CHECK_RULES = {
  cards: 7_390_010,
  myNumbers: 7_390_011,
  emails: 7_390_012,
  sqlErrors: 7_390_013,
  api: 7_390_020,
  graphql: 7_390_021,
  upload: 7_390_022,
  uploadUnseen: 7_390_023,
} as const

const NOTHING_WANTED = { bytes: 0, hold: false }
const LOOKS_AT_NOTHING: Inspection = {
  requestBytes: 0,
  request: () => undefined,
  answerHead: () => NOTHING_WANTED,
  answer: () => undefined,
  over: () => {},
}

const TITLES: Readonly<Record<LeakKind, string>> = {
  cards: 'The answer holds numbers of payment cards',
  myNumbers: 'The answer holds individual numbers (My Number)',
  emails: 'The answer holds a list of e-mail addresses',
  sqlErrors: 'The answer holds an error message of a database',
}
const READABLE = /^(?:text\/|application\/(?:[^;]*\+)?(?:json|xml|javascript|csv|x-ndjson))/i

/** Looks for what answers must not give away. */
export function leakInspector(settings: LeakSettings): Inspector {
  const kinds = LEAKS.filter((kind) => settings[kind] !== 'off')
  const blocks = kinds.some((kind) => settings[kind] === 'block')
  const isAsked = below(settings.paths)
  const isExcepted = below(settings.except)
  return {
    begin: (about) => {
      const path = pathOf(about)
      if (kinds.length === 0 || !isAsked(path) || isExcepted(path)) return undefined
      return {
        ...LOOKS_AT_NOTHING,
        answerHead: ({ headers }: ResponseHead) =>
          READABLE.test(headerOf(headers, 'content-type') ?? '') ? { bytes: settings.bytes, hold: blocks } : NOTHING_WANTED,
        answer: (body) => {
          const found = leaksIn(body.toString('latin1'), kinds).filter(
            ({ kind, count }) => kind !== 'emails' || count > settings.mostEmails,
          )
          if (found.length === 0) return undefined
          const messages = found.map(({ kind, count, shown }) =>
            message(CHECK_RULES[kind], TITLES[kind], `${count}: ${shown}`, 'RESPONSE_BODY'),
          )
          const worst = found.find(({ kind }) => settings[kind] === 'block')
          return worst === undefined ? { messages } : stopped(about, messages, CHECK_RULES[worst.kind], 403)
        },
      }
    },
  }
}

/** Lets through what an API's description describes. @throws KanpekiError `openapi_invalid`. */
export function apiInspector(settings: ApiSettings): Inspector {
  const api = loadOpenApi(settings.openapi, settings.base)
  return {
    begin: (about) => {
      if (!isHost(about, settings.host)) return undefined
      const found = operationOf(api, about.request)
      if (found === undefined) return undefined
      return {
        ...LOOKS_AT_NOTHING,
        requestBytes: settings.bytes,
        request: (body, truncated) => {
          const [bytes, isCut] = plain(about.request.headers, body, settings.bytes)
          const faults =
            typeof found === 'string'
              ? [found]
              : [
                  ...headFaults(found, about.request, settings.unknownParameters),
                  ...bodyFaults(found.operation, about.request, bytes, truncated || isCut),
                ]
          if (faults.length === 0) return undefined
          const name = typeof found === 'string' ? settings.name : found.operation.id
          const messages = faults.map((fault) => message(CHECK_RULES.api, 'Not what the API describes', fault, `API:${name}`))
          return settings.answer === 'watch'
            ? { messages }
            : stopped(about, messages, CHECK_RULES.api, typeof found === 'string' ? 404 : 400)
        },
      }
    },
  }
}

/** Bounds what one GraphQL request may ask for. */
export function graphqlInspector(settings: GraphqlSettings): Inspector {
  // Routers hand over what is below as well, as `app.use` of Express does.
  const isMeant = settings.path === '/' ? (path: string) => path === '/' : below([settings.path])
  return {
    begin: (about) => {
      if (!isHost(about, settings.host) || !isMeant(pathOf(about))) return undefined
      return {
        ...LOOKS_AT_NOTHING,
        requestBytes: settings.bytes,
        request: (body, truncated) => {
          const { method, target, headers } = about.request
          const [bytes, isCut] = plain(headers, body, settings.bytes)
          const faults = graphqlFaults(
            settings,
            { method, target, type: headerOf(headers, 'content-type') ?? '' },
            bytes,
            truncated || isCut,
          )
          if (faults.length === 0) return undefined
          const messages = faults.map((fault) => message(CHECK_RULES.graphql, 'GraphQL beyond its bounds', fault, 'REQUEST_BODY'))
          return settings.answer === 'watch' ? { messages } : stopped(about, messages, CHECK_RULES.graphql, 400)
        },
      }
    },
  }
}

/** Names of YARA rules that match. Rejects where that cannot be said. */
export type ScanBytes = (data: Buffer) => Promise<readonly string[]>

/** Lets YARA rules look at uploaded files before the application gets them. What cannot be looked at is told, and follows `onEngineError`. */
export function uploadInspector(settings: UploadSettings, scan: ScanBytes): Inspector {
  const isAsked = below(settings.paths)
  return {
    begin: (about) => {
      const { method, length } = about.request
      if (length === 0 || method === 'GET' || method === 'HEAD' || !isAsked(pathOf(about))) return undefined
      return {
        ...LOOKS_AT_NOTHING,
        requestBytes: settings.bytes,
        request: async (body, truncated) => {
          const messages: MatchMessage[] = []
          const [bytes, isCut] = plain(about.request.headers, body, settings.bytes)
          for (const { name, content } of uploadsOf(about.request.headers, bytes)) {
            const matched = await scan(content)
            if (matched.length > 0)
              messages.push(
                message(CHECK_RULES.upload, 'An uploaded file matches YARA rules', matched.join(' '), `FILES:${name}`),
              )
          }
          if (truncated || isCut)
            messages.push(
              message(CHECK_RULES.uploadUnseen, 'An upload was looked at in part only', String(body.length), 'REQUEST_BODY'),
            )
          if (!messages.some(({ id }) => id === CHECK_RULES.upload)) return messages.length === 0 ? undefined : { messages }
          return settings.answer === 'watch' ? { messages } : stopped(about, messages, CHECK_RULES.upload, 403)
        },
      }
    },
  }
}

function message(id: number, msg: string, data: string, name: string): MatchMessage {
  return { id, msg, data: data.slice(0, 1024), var: name }
}

function stopped({ reference, request }: Inspected, messages: readonly MatchMessage[], ruleId: number, status: number): Verdict {
  const kind = status === 403 ? 'blocked' : 'refused'
  return {
    messages,
    stop: { interruption: { ruleId, action: 'deny', status }, page: stopPage(kind, status, reference, request.headers) },
  }
}

/** The body without its coding, and whether there was more of it than is looked at. */
function plain(headers: readonly HeaderLine[], body: Buffer, most: number): readonly [body: Buffer, isCut: boolean] {
  const decoded = decodedBody(body, valuesOf(headers, 'content-encoding').join(), most + 1)
  return [decoded.subarray(0, most), decoded.length > most]
}

export function pathOf({ request }: Pick<Inspected, 'request'>): string {
  const path = request.target.replace(/^https?:\/\/[^/?#]*/i, '')
  const end = path.search(/[?#]/)
  return end === -1 ? path : path.slice(0, end)
}

function isHost({ request }: Inspected, host: string | undefined): boolean {
  return host === undefined || plainHost(headerOf(request.headers, 'host') ?? '') === plainHost(host)
}
