import { KanpekiError } from '../kernel/error.ts'
import { send } from './request.ts'
import { type ServerOptions, serverOf } from './server-of.ts'

/** What a server writes in the forms of others: a framework as OSCAL, or all objectives as OpenSLO. */
export type FrameworkExport = { readonly oscal: string } | { readonly openslo: true }

export function frameworkFileName(what: FrameworkExport): string {
  return 'oscal' in what ? `${what.oscal}-oscal.json` : 'kanpeki-openslo.yaml'
}

/**
 * Asks a running server: what is proven is judged at the moment of the question.
 * @throws KanpekiError `unreachable`, `usage`, or `refused` with the server's reason.
 */
export async function frameworkText(what: FrameworkExport, options: ServerOptions): Promise<string> {
  const server = await serverOf(options, 'audit', 'export on this host')
  if (server.token === undefined) throw new KanpekiError('usage', 'A server wants --token.')
  const path = 'oscal' in what ? `/api/v1/frameworks/${encodeURIComponent(what.oscal)}/oscal` : '/api/v1/openslo'
  const { status, text } = await send(server, path, { method: 'GET', headers: { authorization: `Bearer ${server.token}` } })
  if (status === 200) return text
  throw new KanpekiError('refused', `The server answered ${status}: ${detailOf(text)}`)
}

/** What a problem document (RFC 9457) says. */
export function detailOf(problem: string): string {
  try {
    const { detail, remedy } = JSON.parse(problem) as { detail?: string; remedy?: string }
    return [detail, remedy].filter((part) => part !== undefined).join(' ')
  } catch {
    return problem.slice(0, 200)
  }
}
