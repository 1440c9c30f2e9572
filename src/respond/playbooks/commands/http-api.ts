import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'

const input = z.strictObject({
  method: z.string(),
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()),
  content: z.string().optional(),
  openc2: z.boolean().optional(),
})
type Input = z.infer<typeof input>

const MOST_BYTES = 256 * 1024
const MOST_TEXT = 4000

/**
 * CACAO's `http-api` and `openc2-http` (OpenC2 over HTTPS, version 1.1): one request through the guarded door. Every try of a step carries the same
 * Idempotency-Key, which a server may honour.
 */
export function httpApi(outgoing: Outgoing): Action {
  const action: Action<Input> = {
    id: 'http-api',
    title: { en: 'HTTP request', ja: 'HTTP リクエスト' },
    input,
    repeats: 'once',
    async plan({ method, url }) {
      const { host, pathname } = new URL(url)
      return {
        summary: { en: `${method} ${host}${pathname}`, ja: `${host}${pathname} へ ${method} を送信` },
        targets: [{ kind: 'nothing', name: host }],
        reversible: false,
      }
    },
    async run({ method, url, headers, content, openc2 }, context) {
      const reply = await outgoing.fetch(url, {
        method,
        headers: {
          ...(openc2 === true
            ? { 'content-type': 'application/openc2+json;version=1.0', accept: 'application/openc2+json;version=1.0' }
            : {}),
          ...headers,
          'idempotency-key': context.key,
        },
        redirect: 'manual',
        signal: context.signal,
        maxBytes: MOST_BYTES,
        ...(content === undefined ? {} : { body: content }),
      })
      const text = await reply.text()
      if (!reply.ok)
        throw new KanpekiError(reply.status >= 500 ? 'http_server' : 'http_status', `The server answered ${reply.status}.`, {
          remedy: text.slice(0, 300),
        })
      return { outcome: 'done', detail: { status: reply.status, body: bodyOf(text) } }
    },
  }
  return action as Action
}

function bodyOf(text: string): JsonValue {
  if (text.length <= MOST_TEXT) {
    try {
      return JSON.parse(text) as JsonValue
    } catch {
      return text
    }
  }
  return text.slice(0, MOST_TEXT)
}
