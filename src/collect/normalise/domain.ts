import { getDomain } from 'tldts'
import type { Draft } from './draft.ts'

/**
 * ECS `dns.question` of a name, by the public suffix list's ICANN part: `a.b.example.co.uk` is registered as
 * `example.co.uk`, sub-domain `a.b`, top level `co.uk`.
 */
export function questionOf(name: string): Draft {
  const bare = name.endsWith('.') && name.length > 1 ? name.slice(0, -1) : name
  const question: Draft = { name: bare }
  const domain = getDomain(bare, { allowPrivateDomains: false })
  if (domain === null || domain === undefined) return question
  question['registered_domain'] = domain
  if (bare.length > domain.length) question['subdomain'] = bare.slice(0, bare.length - domain.length - 1)
  const dot = domain.indexOf('.')
  if (dot > 0) question['top_level_domain'] = domain.slice(dot + 1)
  return question
}
