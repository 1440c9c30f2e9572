import { parse } from 'tldts'

/** Values that a `derive:` map can compute from a text field of the event. */
const FUNCTIONS = {
  /** `a.b.example.co.uk` → `example.co.uk`, by the public suffix list with its private section (`x.github.io` is a registrant of its own). */
  registered_domain: (text: string) => domainParts(text)?.domain,
  /** `a.b.example.co.uk` → `a.b`; empty for the registered domain itself. */
  subdomain: (text: string) => domainParts(text)?.subdomain,
  /** Characters of the sub-domain part, dots included. */
  subdomain_length: (text: string) => domainParts(text)?.subdomain.length,
  /** Characters (UTF-16 code units) of the whole value. */
  length: (text: string) => text.length,
} as const satisfies Readonly<Record<string, (text: string) => string | number | undefined>>

export type DeriveFunction = keyof typeof FUNCTIONS
export const DERIVE_FUNCTIONS = Object.keys(FUNCTIONS) as readonly DeriveFunction[]

export function isDeriveFunction(name: string): name is DeriveFunction {
  return Object.hasOwn(FUNCTIONS, name)
}

/** Undefined where the text has no such part: an address or a single label has no registered domain. */
export function derive(name: DeriveFunction, text: string): string | number | undefined {
  return FUNCTIONS[name](text)
}

interface DomainParts {
  readonly domain: string
  readonly subdomain: string
}

/** Domain functions of one rule are asked about the same name several times in a row. */
let lastText = ''
let lastParts: DomainParts | undefined

function domainParts(text: string): DomainParts | undefined {
  if (text === lastText) return lastParts
  const { domain, subdomain } = parse(text.replace(/\.$/, ''), { allowPrivateDomains: true, validateHostname: false })
  lastText = text
  lastParts = domain === null ? undefined : { domain: domain.toLowerCase(), subdomain: subdomain ?? '' }
  return lastParts
}
