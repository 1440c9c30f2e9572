import { KanpekiError } from '../kernel/error.ts'
import { type ServerRef, send, urlOf } from './request.ts'

interface ProblemBody {
  readonly code?: string
  readonly detail?: string
  readonly remedy?: string
}

/**
 * Calls a server's API. The token comes from the option or from KANPEKI_TOKEN.
 * @param scope the scope to work in; the token's own where absent.
 * @throws KanpekiError with the problem's code.
 */
export async function callApi<T>(
  server: ServerRef,
  token: string | undefined,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  scope?: string,
): Promise<T> {
  const secret = token ?? process.env['KANPEKI_TOKEN']
  if (secret === undefined)
    throw new KanpekiError('usage', 'A server wants a token.', { remedy: 'Give --token TOKEN or set KANPEKI_TOKEN.' })
  const { status, text } = await send(server, path, {
    method,
    headers: {
      authorization: `Bearer ${secret}`,
      accept: 'application/json',
      ...(scope === undefined ? {} : { 'x-kanpeki-scope': scope }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (status >= 200 && status < 300) return bodyOf<T>(server, text)
  const problem = readProblem(text)
  throw new KanpekiError(
    problem.code ?? 'refused',
    problem.detail ?? `${urlOf(server)} answered ${status}.`,
    problem.remedy === undefined ? {} : { remedy: problem.remedy },
  )
}

function bodyOf<T>(server: ServerRef, text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new KanpekiError('refused', `What answers at ${urlOf(server)} does not speak as Kanpeki does.`, {
      remedy: 'Is this the address of the server, and not of a page before it?',
      cause: error,
    })
  }
}

function readProblem(text: string): ProblemBody {
  try {
    return JSON.parse(text) as ProblemBody
  } catch {
    return {}
  }
}
