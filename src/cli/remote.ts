import { KanpekiError, messageOf } from '../kernel/error.ts'

interface ProblemBody {
  readonly code?: string
  readonly detail?: string
  readonly remedy?: string
}

/** Calls a server's API. The token comes from the option or from KANPEKI_TOKEN. @throws KanpekiError with the problem's code. */
export async function callApi<T>(
  url: string,
  token: string | undefined,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  const secret = token ?? process.env['KANPEKI_TOKEN']
  if (secret === undefined)
    throw new KanpekiError('usage', 'A server wants a token.', { remedy: 'Give --token TOKEN or set KANPEKI_TOKEN.' })
  let response: Response
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
    throw new KanpekiError('unreachable', `${url} does not answer: ${cause}.`, { remedy: 'Is Kanpeki running there?' })
  }
  const text = await response.text()
  if (response.ok) return JSON.parse(text) as T
  const problem = readProblem(text)
  throw new KanpekiError(
    problem.code ?? 'refused',
    problem.detail ?? `${url} answered ${response.status}.`,
    problem.remedy === undefined ? {} : { remedy: problem.remedy },
  )
}

function readProblem(text: string): ProblemBody {
  try {
    return JSON.parse(text) as ProblemBody
  } catch {
    return {}
  }
}
