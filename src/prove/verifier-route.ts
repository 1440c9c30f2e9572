import { KanpekiError } from '../kernel/error.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { textOf } from './verify/bytes.ts'

/**
 * The verifier for whoever got evidence without it. Its own policy, which allows its script and no connection, goes into the
 * header too. Whoever does not trust this server takes the page from elsewhere: it is the same file in every release.
 */
export function verifierRoute(verifier: () => Promise<Uint8Array | undefined>): Route {
  return route({
    method: 'GET',
    path: '/public/verifier.html',
    permission: 'public',
    summary: 'The verifier as one page that works offline',
    handle: async () => {
      const page = await verifier()
      const text = page === undefined ? undefined : textOf(page)
      const policy = text === undefined ? undefined : /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1]
      if (text === undefined || policy === undefined)
        throw new KanpekiError('not_found', 'The verifier was not built.', { remedy: 'Run: npm run build' })
      return new RawReply('text/html; charset=utf-8', text, {
        'cache-control': 'public, max-age=3600',
        'content-security-policy': `${policy}; frame-ancestors 'none'`,
      })
    },
  })
}
