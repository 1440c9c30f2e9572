import { emitRegex } from '../../../platform/regex/emit.ts'
import { parseBytes } from '../byte-pattern.ts'
import type { Found, Operator } from '../operator.ts'
import { runsScript, styleRuns } from './address.ts'
import { type Place, readHtml, type Visitor } from './html.ts'
import { ACTIVE_TAGS, ADDRESS_ATTRIBUTES, CARRIERS, isEvent, looksLikeEvent } from './names.ts'

/** Longest value that is read as a whole; of a longer one, its beginning and its end. */
const LONGEST = 200_000
const END = 8000

const SIGNS = parseBytes('[<=:&%\\\\]')
const HOLDS_SIGN = new RegExp(emitRegex(SIGNS, 'v8'))

const visitor: Visitor = {
  tag: (name) => (ACTIVE_TAGS.has(name) ? `<${name}` : undefined),
  attribute: (name, value, inTag) => {
    if (value !== undefined && (isEvent(name) || (inTag && looksLikeEvent(name)))) return name
    if (CARRIERS.has(name)) return inTag && value !== undefined ? name : undefined
    if (value === undefined) return undefined
    if (name === 'style') return styleRuns(value) ? 'style' : undefined
    if (ADDRESS_ATTRIBUTES.has(name) || name.startsWith('xlink')) return runsScript(value) ? name : undefined
    return undefined
  },
  declaration: (text) =>
    /^!\s*(?:entity|doctype[^>]*[[]|doctype[^>]*(?:entity|system|public\s+")|attlist|element\b)|^!(?:--)?\[if|^!\[cdata\[|^\?(?:xml|import|php|=)|^%/i.test(
      text,
    )
      ? `<${text.slice(0, 12)}`
      : undefined,
}

const PLACES: readonly Place[] = ['text', "'", '"', '`', 'unquoted']

/** Says whether a value, put into a page's text or an attribute, would run script there. */
export function detectXss(value: string): Found | undefined {
  const whole = value.length > LONGEST ? value.slice(0, LONGEST - END) + value.slice(-END) : value
  const text = whole.includes('\0') ? whole.replaceAll('\0', '') : whole
  // Nothing runs without a tag, an attribute or a scheme.
  if (!HOLDS_SIGN.test(text)) return undefined
  const reason = asMarkup(text) ?? (startsAsAddress(text) ? 'address' : undefined)
  return reason === undefined ? undefined : { matched: reason, groups: [reason] }
}

function asMarkup(text: string): string | undefined {
  if (!/[<=]/.test(text)) return undefined
  for (const place of PLACES) {
    if (place !== 'text' && place !== 'unquoted' && !text.includes(place)) continue
    if (place === 'text' && !text.includes('<')) continue
    if (place !== 'text' && !text.includes('=') && !text.includes('<')) continue
    const reason = readHtml(text, place, visitor)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** The value is an address as a whole; plain words before a colon (`feed: …`) are none. */
function startsAsAddress(text: string): boolean {
  const start = text.trimStart()
  return /^["'>\s\0-\x20]*(?:j|v|l|d|&|%|\\)/i.test(start) && runsScript(start, true) && /[(=,`;&%\\]/.test(start.slice(4))
}

export const detectXSS: Operator = {
  id: 'detectXSS',
  compile: () => Object.assign((value: string) => detectXss(value), { occurs: SIGNS }),
}
