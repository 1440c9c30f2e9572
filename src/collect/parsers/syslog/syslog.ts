import type { Parser } from '../../../kernel/plugin.ts'
import { frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'

/** Any syslog record whose program has no parser of its own: the header in ECS, the rest as the message. */
export const syslog: Parser = {
  id: 'syslog',

  accepts({ text }) {
    return (
      text !== undefined &&
      /^(?:<\d{1,3}>|[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d[ .,]|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)/.test(text)
    )
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'a syslog record is text; this is JSON' }
    const frame = readSyslog(text, context)
    if (frame === undefined) return { unknown: 'no syslog header: neither <priority> nor a time at its beginning' }
    return [{ observed: frame.observed, ecs: frameDocument(frame) }]
  },
}
