import { endpoint } from '../../normalise/address.ts'
import { type Draft, integer, known, put, related } from '../../normalise/draft.ts'

/** A message and what it says: `pattern`'s groups go to `apply`. `starts` is the text that the message begins with. */
export interface MessageRule {
  readonly starts: string
  readonly pattern: RegExp
  readonly apply: (groups: readonly (string | undefined)[], doc: Draft) => void
}

export type Outcome = 'success' | 'failure'

/** Sets `event.action`, `.category`, `.type` and `.outcome`; `'authentication:start'` is category and type. */
export function classify(doc: Draft, action: string, kinds: string, outcome?: Outcome): void {
  const event = doc['event'] as Draft
  const [category = '', type = ''] = kinds.split(':')
  event['action'] = action
  event['category'] = category.split(',')
  event['type'] = type.split(',')
  put(event, 'outcome', outcome)
}

export function setUser(doc: Draft, name: string | undefined, more?: Draft): void {
  const user: Draft = { ...more }
  put(user, 'name', known(name))
  for (const _member in user) {
    doc['user'] = user
    return
  }
}

export function setSource(doc: Draft, address: string | undefined, port?: string): void {
  put(doc, 'source', endpoint(address, integer(port)))
}

/** What is Filebeat's `system.auth.*` there has the same name here. */
export function setAuth(doc: Draft, section: string, values: Record<string, string | undefined>): void {
  const draft: Draft = {}
  for (const key in values) put(draft, key, known(values[key]))
  for (const _member in draft) {
    doc['system'] = { auth: { [section]: draft } }
    return
  }
}

/** `related.*` of what the rule has found. */
export function relate(doc: Draft): void {
  const user = doc['user'] as Draft | undefined
  const names = related(nameOf(user), nameOf(user?.['effective']), nameOf(user?.['target']))
  const ip = (doc['source'] as Draft | undefined)?.['ip']
  if (names === undefined && ip === undefined) return
  const draft: Draft = {}
  put(draft, 'user', names)
  put(draft, 'ip', typeof ip === 'string' ? [ip] : undefined)
  doc['related'] = draft
}

function nameOf(user: unknown): string | undefined {
  const name = (user as { readonly name?: unknown } | undefined)?.name
  return typeof name === 'string' ? name : undefined
}

/** Applies the first rule that matches; false if none does. */
export function applyRules(rules: readonly MessageRule[], message: string, doc: Draft): boolean {
  for (const rule of rules) {
    if (!message.startsWith(rule.starts)) continue
    const match = rule.pattern.exec(message)
    if (match === null) continue
    rule.apply(match, doc)
    return true
  }
  return false
}
