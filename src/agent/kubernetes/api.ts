import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { isJsonObject, type JsonObject } from '../../kernel/json.ts'
import type { ClusterAccess } from './access.ts'

export interface Asked {
  readonly status: number
  /** The object, or the Status that says why there is none. */
  readonly body: JsonObject
  /** Of Retry-After, milliseconds. */
  readonly waitMs: number | undefined
}

/** An API server, asked with GET and nothing else. */
export interface ClusterApi {
  readonly url: string
  readonly name: string | undefined
  /** @throws KanpekiError `kubernetes_unreachable` where no whole answer came. */
  readonly get: (path: string, signal: AbortSignal) => Promise<Asked>
  /**
   * Follows a watch until it ends; each line is an event. @returns the answer where it was none to follow.
   * @throws KanpekiError `kubernetes_unreachable`.
   */
  readonly watch: (
    path: string,
    line: (event: JsonObject) => Promise<void>,
    quietMs: number,
    signal: AbortSignal,
  ) => Promise<Asked>
  readonly close: () => void
}

const PATIENCE_MS = 60_000
/** A page of 500 large objects; what is longer nobody wrote on purpose. */
const MOST_BYTES = 128 * 2 ** 20
/** etcd refuses objects of more than 1.5 MB. */
const MOST_LINE = 16 * 2 ** 20

export function openClusterApi(access: ClusterAccess): ClusterApi {
  const { url, ca, cert, key, serverName, token, name } = access
  const agent = new Agent({
    keepAlive: true,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  })
  const unreachable = (error: unknown): KanpekiError =>
    error instanceof KanpekiError
      ? error
      : new KanpekiError('kubernetes_unreachable', `${url} does not answer: ${messageOf(error)}.`, { cause: error })

  const open = (path: string, quietMs: number, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const bearer = token()
      const headers = {
        accept: 'application/json',
        'user-agent': 'kanpeki-agent',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      }
      const asked = request(new URL(path, url), { agent, headers, signal, timeout: quietMs }, (response) => {
        response.setTimeout(quietMs, () => response.destroy(new Error('it fell silent')))
        resolve(response)
      })
      asked.on('socket', (socket) => socket.setKeepAlive(true, 30_000))
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
      asked.on('error', reject)
      asked.end()
    })

  const whole = async (response: IncomingMessage): Promise<Asked> => {
    const parts: Buffer[] = []
    let size = 0
    for await (const part of response) {
      size += (part as Buffer).length
      if (size > MOST_BYTES) throw new Error('the answer is too long')
      parts.push(part as Buffer)
    }
    const after = Number(response.headers['retry-after'] ?? Number.NaN)
    let body: unknown
    try {
      body = JSON.parse(Buffer.concat(parts).toString('utf8'))
    } catch {
      body = { message: Buffer.concat(parts).toString('utf8').slice(0, 200) }
    }
    return {
      status: response.statusCode ?? 0,
      body: isJsonObject(body) ? body : {},
      waitMs: Number.isFinite(after) ? after * 1_000 : undefined,
    }
  }

  return {
    url,
    name,
    async get(path, signal) {
      try {
        return await whole(await open(path, PATIENCE_MS, signal))
      } catch (error) {
        throw unreachable(error)
      }
    },
    async watch(path, line, quietMs, signal) {
      let own: unknown
      try {
        const response = await open(path, quietMs, signal)
        if (response.statusCode !== 200) return await whole(response)
        let rest = ''
        response.setEncoding('utf8')
        for await (const part of response) {
          const lines = `${rest}${part as string}`.split('\n')
          rest = lines.pop() ?? ''
          if (rest.length > MOST_LINE) throw new Error('an event is too long')
          for (const one of lines) {
            if (one.trim() === '') continue
            const event: unknown = JSON.parse(one)
            if (isJsonObject(event))
              await line(event).catch((error: unknown) => {
                own = error
                throw error
              })
          }
        }
        return { status: 200, body: {}, waitMs: undefined }
      } catch (error) {
        throw error === own ? error : unreachable(error)
      }
    },
    close: () => agent.destroy(),
  }
}
