import { createHash } from 'node:crypto'
import { preferredLanguage } from '../../platform/http/preferred-language.ts'
import { decodeEscapes } from '../body/urlencoded.ts'
import type { AnswerWithBody } from '../proxy/exchange.ts'
import { type HeaderLine, headerOf } from '../proxy/http1/headers.ts'
import type { Challenge } from './challenge.ts'
import { CHALLENGE_SCRIPT } from './challenge-script.ts'

/** The cookie that carries a solution, and the header for clients that are no browsers. */
export const CHALLENGE_COOKIE = 'kanpeki-challenge'

const TEXTS = {
  en: {
    title: 'One moment, please',
    lead: 'Many sign-in attempts are being made here. Your browser is now proving that it takes the time a person takes. Then you can sign in.',
    working: 'Your browser is working. This takes a few seconds.',
    done: 'Done. Please sign in again.',
    next: 'Back to the sign-in page',
    noScript: 'This check needs JavaScript. Please allow it for this page and try again.',
    noCookie: 'This check needs cookies. Please allow them for this site and try again.',
    reference: 'If you cannot get any further, tell the operator of this site this reference:',
  },
  ja: {
    title: '少々お待ちください',
    lead: '現在、このサイトではログインの試行が急増しています。自動化された攻撃ではないことをブラウザで確認しています。確認が終わるとログインできます。',
    working: '確認中です。数秒かかります。',
    done: '確認が完了しました。もう一度ログインしてください。',
    next: 'ログインページに戻る',
    noScript: 'この確認にはJavaScriptが必要です。このページでJavaScriptを有効にして、もう一度お試しください。',
    noCookie: 'この確認にはCookieが必要です。このサイトのCookieを許可して、もう一度お試しください。',
    reference: '先に進めない場合は、次の参照番号をサイトの運営者にお伝えください。',
  },
} as const

const SCRIPT_HASH = createHash('sha256').update(CHALLENGE_SCRIPT).digest('base64')

export interface ChallengeFor {
  readonly challenge: Challenge
  /** Seconds for which the challenge may be solved and used. */
  readonly seconds: number
  readonly reference: string
  readonly headers: readonly HeaderLine[]
  /** Where a person signs in. */
  readonly page: string
  readonly isTls: boolean
}

/**
 * What an attempt gets that has to work first: a page that works and leads back to signing in, or JSON with what is to be
 * worked on. Nothing of what the client sent is repeated, its password least of all: it is typed again.
 */
export function challengePage({ challenge, seconds, reference, headers, page, isTls }: ChallengeFor): AnswerWithBody {
  const language = preferredLanguage(headerOf(headers, 'accept-language'))
  const texts = TEXTS[language]
  const accept = headerOf(headers, 'accept') ?? ''
  const isHtml = /\btext\/html\b/i.test(accept)
  const { token, bits } = challenge
  const body = Buffer.from(
    isHtml
      ? html(language, { token, bits, seconds, reference, back: returnPath(headers, page), isTls })
      : JSON.stringify({
          title: texts.title,
          detail: 'Find a nonce with which SHA-256(token + "." + nonce) begins with so many zero bits; send token + "~" + nonce.',
          status: 403,
          reference,
          challenge: {
            algorithm: 'sha256-leading-zero-bits',
            token,
            bits,
            seconds,
            header: 'Kanpeki-Challenge',
            cookie: CHALLENGE_COOKIE,
          },
        }),
  )
  return {
    head: {
      status: 403,
      length: body.length,
      headers: [
        ['Content-Type', isHtml ? 'text/html; charset=utf-8' : 'application/problem+json'],
        ['Content-Language', language],
        ['Cache-Control', 'no-store'],
        [
          'Content-Security-Policy',
          `default-src 'none'; script-src 'sha256-${SCRIPT_HASH}'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
        ],
        ['Referrer-Policy', 'no-referrer'],
        ['X-Content-Type-Options', 'nosniff'],
        ['Kanpeki-Reference', reference],
      ],
    },
    body,
  }
}

/** The path that the person came from, where it is of this host; else the page that is set. */
export function returnPath(headers: readonly HeaderLine[], page: string): string {
  const referer = headerOf(headers, 'referer') ?? ''
  const host = headerOf(headers, 'host') ?? ''
  const found = /^https?:\/\/([^/?#]+)(\/[^#\s]{0,2000})?/i.exec(referer)
  const path = found !== null && host !== '' && found[1]!.toLowerCase() === host.toLowerCase() ? (found[2] ?? '/') : page
  // Two slashes, or a backslash that browsers take for one, would lead to another host.
  return /^\/(?![/\\])/.test(decodeEscapes(path)) ? path : '/'
}

const STYLE = `
:root{color-scheme:light dark}
body{font:1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1.5rem}
code{font-size:1.1rem;user-select:all}
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

interface Page {
  readonly token: string
  readonly bits: number
  readonly seconds: number
  readonly reference: string
  readonly back: string
  readonly isTls: boolean
}

function html(language: 'en' | 'ja', { token, bits, seconds, reference, back, isTls }: Page): string {
  const texts = TEXTS[language]
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${texts.title}</title>
<style>${STYLE}</style>
<h1>${texts.title}</h1>
<p>${texts.lead}</p>
<noscript><p>${texts.noScript}</p></noscript>
<p role="status" id="state" data-token="${token}" data-bits="${bits}" data-seconds="${seconds}" data-cookie="${CHALLENGE_COOKIE}" data-secure="${isTls ? '1' : ''}" data-working="${texts.working}" data-done="${texts.done}" data-no-cookie="${texts.noCookie}"></p>
<p><a id="next" href="${escaped(back)}" hidden>${texts.next}</a></p>
<p>${texts.reference}</p>
<p><code>${reference}</code></p>
<script>${CHALLENGE_SCRIPT}</script>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
