import { preferredLanguage } from '../../platform/http/preferred-language.ts'
import type { AnswerWithBody } from './exchange.ts'
import type { HeaderLine } from './http1/headers.ts'
import { headerOf } from './http1/headers.ts'

type PageKind = 'blocked' | 'refused' | 'unavailable' | 'throttled'

const TEXTS = {
  en: {
    blocked: ['Request blocked', 'This request was stopped because it looked like an attack.'],
    refused: ['Bad request', 'This request could not be understood.'],
    throttled: ['Too many attempts', 'There were too many failed sign-in attempts. Please wait a while and try again.'],
    unavailable: ['Temporarily unavailable', 'The application cannot answer at the moment. Please try again later.'],
    reference: 'If this is a mistake, tell the operator of this site this reference:',
  },
  ja: {
    blocked: ['リクエストを遮断しました', '攻撃の疑いがあるため、このリクエストを遮断しました。'],
    refused: ['不正なリクエスト', 'このリクエストを解釈できませんでした。'],
    throttled: [
      '試行回数が多すぎます',
      'ログインの失敗が続いたため、受け付けを一時的に制限しています。しばらく待ってから再度お試しください。',
    ],
    unavailable: ['一時的に利用できません', '現在アプリケーションが応答できません。しばらくしてからもう一度お試しください。'],
    reference: '誤って遮断されたと思われる場合は、次の参照番号をサイトの運営者にお伝えください。',
  },
} as const

/**
 * The page of a request that goes no further: JSON where the client asks for it, else HTML. It repeats nothing that the client
 * sent; the reference is ours.
 */
export function stopPage(kind: PageKind, status: number, reference: string, headers: readonly HeaderLine[]): AnswerWithBody {
  const language = preferredLanguage(headerOf(headers, 'accept-language'))
  const accept = headerOf(headers, 'accept') ?? ''
  const isJson = /\bjson\b/i.test(accept) && !/\btext\/html\b/i.test(accept)
  const [title, sentence] = TEXTS[language][kind]
  const body = Buffer.from(
    isJson
      ? JSON.stringify({ title, detail: sentence, status, reference })
      : html(language, title, sentence, TEXTS[language].reference, reference),
  )
  return {
    head: {
      status,
      length: body.length,
      headers: [
        ['Content-Type', isJson ? 'application/problem+json' : 'text/html; charset=utf-8'],
        ['Content-Language', language],
        ['Cache-Control', 'no-store'],
        ['Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"],
        ['X-Content-Type-Options', 'nosniff'],
        ['Kanpeki-Reference', reference],
      ],
    },
    body,
  }
}

/**
 * The answer of a rule that sends elsewhere. Rules may build the place from what the client sent: bytes that would end the line
 * are written as `%0D` and the like.
 */
export function redirectTo(status: number, location: string | undefined, reference: string): AnswerWithBody {
  const place = (location ?? '/').replace(UNSAFE, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
  const headers: HeaderLine[] = [
    ['Location', place],
    ['Kanpeki-Reference', reference],
  ]
  return { head: { status, headers, length: 0 }, body: Buffer.alloc(0) }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not stand in a header line
const UNSAFE = /[\x00-\x20\x7f-\xff]/g

function html(language: string, title: string, sentence: string, ask: string, reference: string): string {
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
:root{color-scheme:light dark}
body{font:1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1.5rem}
code{font-size:1.1rem;user-select:all}
</style>
<h1>${title}</h1>
<p>${sentence}</p>
<p>${ask}</p>
<p><code>${reference}</code></p>
</html>
`
}
