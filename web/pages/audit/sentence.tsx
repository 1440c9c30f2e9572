import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { EVERY_SCOPE } from '../../../src/platform/http/route.ts'
import type { AuditItem } from '../../../src/prove/audit/schema.ts'
import { useFormat } from '../../components/use-format.ts'
import { givenFor, isolate, valuesOf } from './audit-text.ts'

/** What an entry says, as a sentence; an action that has none yet is shown by its own name. */
export function Sentence({ item }: { item: AuditItem }): ReactNode {
  const sentence = useSentence()
  return <>{sentence(item)}</>
}

export function useSentence(): (item: AuditItem) => string {
  const { t, i18n } = useTranslation('audit')
  const { lang, dateTime } = useFormat()
  const list = new Intl.ListFormat(lang, { type: 'conjunction' })
  const known = (key: string): string | undefined => {
    const text: unknown = i18n.getResource(lang, 'audit', key)
    return typeof text === 'string' ? text : undefined
  }
  return (item) => {
    if (item.type === 'incident') return t('incidentSaid', { incident: isolate(item.target), said: isolate(saidIn(item, lang)) })
    const key = `action.${item.action}`
    const message = known(key)
    const values = valuesOf(item, {
      word: (field, value) => (/^[a-z-]+$/.test(value) ? known(`word.${WORDS[field] ?? 'any'}.${value}`) : undefined),
      list: (words) => list.format(words),
      roleIn: (role, scope) => t('roleIn', { role, scope: scope === EVERY_SCOPE ? t('everyScope') : isolate(scope) }),
      time: dateTime,
    })
    if (message === undefined) return `${item.action} ${isolate(item.target)}`
    return t(key as 'title', { ...(givenFor(message, values) as object) })
  }
}

/** What was done to an incident stands in its entry in words, in both languages where they differ. */
function saidIn({ body, action }: AuditItem, lang: string): string {
  const said = lang === 'ja' ? (body['saidJa'] ?? body['said']) : body['said']
  return typeof said === 'string' ? said : action
}

/** Fields whose values are words of ours, and where their translation stands. */
const WORDS: Readonly<Record<string, string>> = {
  added: 'role',
  removed: 'role',
  role: 'role',
  roles: 'role',
  grants: 'grant',
  verdict: 'verdict',
  methods: 'method',
  method: 'method',
  set: 'method',
  reason: 'reason',
  criticality: 'criticality',
  decision: 'decision',
}
