import type { JsonObject } from '../../kernel/json.ts'
import { readMultipart } from '../body/multipart.ts'
import { decodedBody } from '../proxy/decoded-body.ts'
import { type HeaderLine, headerOf } from '../proxy/http1/headers.ts'
import type { Inspected, Inspector } from '../proxy/inspection.ts'
import type { ResponseHead } from '../transaction.ts'
import { below } from './below.ts'
import { pathOf } from './inspectors.ts'
import { withoutNumbers } from './leaks.ts'
import type { BodySettings } from './settings.ts'

const SECRET = /pass(?:word|wd|phrase|code)?|pwd|secret|token|credential|api[-_]?key|authorization|cvv|cvc|\bpin\b|otp|session/i
const MASK = '********'
const TEXT =
  /^(?:text\/|multipart\/form-data|application\/(?:[^;]*\+)?(?:json|xml|javascript|x-www-form-urlencoded|graphql|x-ndjson|x-php))/i

interface Kept {
  readonly content: string
  readonly type: string
  readonly bytes: number
  readonly isCut: boolean
}

/** Tells bodies as events (`event.dataset: waf.body`), masked, so that rules and YARA of the server can look at them. */
export function bodyInspector(settings: BodySettings, tell: (event: JsonObject) => void, now: () => number): Inspector {
  const isSecret = (name: string) => SECRET.test(name) || settings.mask.includes(name)
  const keep = (headers: readonly HeaderLine[], body: Buffer, isCut: boolean): Kept | undefined => {
    const type = headerOf(headers, 'content-type') ?? ''
    if (body.length === 0 || !TEXT.test(type)) return undefined
    const seen = body.subarray(0, settings.bytes)
    return {
      content: masked(seen.toString('latin1'), type, isSecret),
      type: (type.split(';')[0] ?? '').trim().toLowerCase(),
      bytes: body.length,
      isCut: isCut || body.length > settings.bytes,
    }
  }
  const isAsked = below(settings.paths)
  return {
    begin: (about) => {
      if (!isAsked(pathOf(about))) return undefined
      let request: Kept | undefined
      let answer: Kept | undefined
      let head: ResponseHead | undefined
      return {
        requestBytes: settings.requests ? settings.bytes : 0,
        request: (body, truncated) => {
          const { headers } = about.request
          if (settings.requests)
            request = keep(headers, decodedBody(body, headerOf(headers, 'content-encoding'), settings.bytes), truncated)
          return undefined
        },
        answerHead: (seen) => {
          head = seen
          const isWanted = settings.answers && TEXT.test(headerOf(seen.headers, 'content-type') ?? '')
          return { bytes: isWanted ? settings.bytes : 0, hold: false }
        },
        answer: (body, truncated) => {
          if (settings.answers && head !== undefined) answer = keep(head.headers, body, truncated)
          return undefined
        },
        over: (isFound) => {
          if ((settings.when === 'found' && !isFound) || (request === undefined && answer === undefined)) return
          tell(bodyEvent(about, head?.status, request, answer, now()))
        },
      }
    },
  }
}

function bodyEvent(
  about: Inspected,
  status: number | undefined,
  request: Kept | undefined,
  answer: Kept | undefined,
  now: number,
): JsonObject {
  const { client, reference } = about
  const host = headerOf(about.request.headers, 'host')?.replace(/:\d+$/, '')
  const part = (kept: Kept | undefined): JsonObject =>
    kept === undefined ? {} : { body: { content: kept.content, bytes: kept.bytes }, mime_type: kept.type }
  const cut = [...(request?.isCut === true ? ['request'] : []), ...(answer?.isCut === true ? ['response'] : [])]
  return {
    '@timestamp': new Date(now).toISOString(),
    event: { kind: 'event', module: 'waf', dataset: 'waf.body', category: ['web'], type: ['info'], action: 'waf-body' },
    source: { ip: client },
    related: { ip: [client] },
    url: { path: pathOf(about).slice(0, 1024), ...(host === undefined ? {} : { domain: host }) },
    http: {
      request: { id: reference, method: about.request.method, ...part(request) },
      ...(status === undefined ? {} : { response: { status_code: status, ...part(answer) } }),
    },
    ...(cut.length === 0 ? {} : { waf: { body: { cut } } }),
  }
}

/** A body for people and rules: values of secret fields, and numbers of cards and individuals, are not in it. */
export function masked(bytes: string, type: string, isSecret: (name: string) => boolean): string {
  return Buffer.from(withoutNumbers(withoutSecrets(bytes, type, isSecret)), 'latin1').toString('utf8')
}

function withoutSecrets(bytes: string, type: string, isSecret: (name: string) => boolean): string {
  if (/^multipart\//i.test(type)) return formText(bytes, type, isSecret)
  if (/x-www-form-urlencoded/i.test(type))
    return bytes
      .split('&')
      .map((pair) => {
        const equals = pair.indexOf('=')
        return equals >= 0 && isSecret(unescaped(pair.slice(0, equals))) ? `${pair.slice(0, equals)}=${MASK}` : pair
      })
      .join('&')
  return bytes
    .replaceAll(/"((?:[^"\\]|\\.){1,100})"(\s*:\s*)("(?:[^"\\]|\\.)*"?|[^",{}[\]\s]+)/g, (whole, name: string, colon: string) =>
      isSecret(name) ? `"${name}"${colon}"${MASK}"` : whole,
    )
    .replaceAll(/(<([A-Za-z_][\w.-]{0,99})(?:\s[^>]{0,200})?>)([^<]+)/g, (whole, tag: string, name: string) =>
      isSecret(name) ? `${tag}${MASK}` : whole,
    )
}

/** The parts of a form one after the other, files with their names. */
function formText(bytes: string, type: string, isSecret: (name: string) => boolean): string {
  const { args, files = [] } = readMultipart(bytes, {
    contentType: type,
    argumentSeparator: '&',
    argumentsLimit: 1000,
    depthLimit: 64,
  })
  return [
    ...args.map(([name, value]) => `${name}: ${isSecret(name) ? MASK : value}`),
    ...files.map(({ name, filename, content }) => `${name}; filename=${filename}\n${content}`),
  ].join('\n')
}

function unescaped(name: string): string {
  return name.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
