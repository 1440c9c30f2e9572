import { RawReply } from '../../platform/http/route.ts'

/**
 * Answers a browser that comes back from a provider. That request was begun by a foreign page, so that a redirect from
 * it would go out without our Strict cookie; a page of our own that goes on by itself sends it, and needs no script.
 * @param path as `localPath` answers it.
 */
export function returnPage(path: string, headers: RawReply['headers']): RawReply {
  const href = escapeHtml(path)
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0;url=${href}">
<title>Kanpeki</title>
<p>You are signed in. <a href="${href}">Continue</a></p>
<p lang="ja">サインインしました。<a href="${href}">続ける</a></p>
</html>
`
  return new RawReply('text/html; charset=utf-8', body, { 'cache-control': 'no-store', ...headers })
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (one) => ESCAPES[one] ?? one)
}

/** @param status 303 after a callback, 302 towards a provider. */
export function redirect(to: string, status: 302 | 303, headers: Readonly<Record<string, string>> = {}): RawReply {
  return new RawReply('text/plain; charset=utf-8', '', { location: to, 'cache-control': 'no-store', ...headers }, status)
}
