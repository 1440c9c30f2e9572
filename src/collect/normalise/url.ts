import { type Draft, integer, put } from './draft.ts'

/**
 * ECS `url` of a request target (RFC 9112 section 3.2) as it was sent, percent signs and all: `/path?query`, an absolute
 * URL, `host:port` of CONNECT, or `*`. What a scanner sent that is none of these is `original` only.
 */
export function urlOf(target: string, host?: string, port?: number): Draft {
  const url: Draft = { original: target }
  let rest = target
  const scheme = /^([a-z][a-z0-9+.-]{0,15}):\/\/([^/?#\s]*)/i.exec(target)
  if (scheme !== null) {
    url['scheme'] = scheme[1]!.toLowerCase()
    authority(url, scheme[2]!)
    rest = target.slice(scheme[0].length)
  } else {
    put(url, 'domain', host)
    put(url, 'port', port)
    if (!target.startsWith('/')) {
      if (/^[^\s/?#]+:\d{1,5}$/.test(target)) authority(url, target)
      return url
    }
  }
  const hash = rest.indexOf('#')
  if (hash >= 0) {
    if (hash < rest.length - 1) url['fragment'] = rest.slice(hash + 1)
    rest = rest.slice(0, hash)
  }
  const question = rest.indexOf('?')
  const path = question < 0 ? rest : rest.slice(0, question)
  url['path'] = path === '' ? '/' : path
  if (question >= 0 && question < rest.length - 1) url['query'] = rest.slice(question + 1)
  const dot = path.lastIndexOf('.')
  if (dot > path.lastIndexOf('/') && dot < path.length - 1 && path.length - dot <= 12) {
    url['extension'] = path.slice(dot + 1).toLowerCase()
  }
  return url
}

function authority(url: Draft, text: string): void {
  const host = text.slice(text.lastIndexOf('@') + 1)
  const colon = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(host)
  const name = colon === null ? host : colon[1]!
  if (name !== '') url['domain'] = name
  put(url, 'port', integer(colon?.[2]))
}
