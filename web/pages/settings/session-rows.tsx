import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OwnSession } from '../../../src/access/people/schema.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { userAgentWords } from '../../format/user-agent.ts'
import { useMethodWords } from './use-method-words.ts'

/** Where somebody is signed in: browser, address, how, since when, and the end of it. */
export function SessionRows({
  sessions,
  pending,
  onEnd,
}: {
  sessions: readonly OwnSession[]
  pending: boolean
  /** Undefined where the reader may only look. */
  onEnd: ((id: string) => void) | undefined
}): ReactNode {
  const { t } = useTranslation('settings')
  const format = useFormat()
  const now = useNow()
  const methodWords = useMethodWords()
  return (
    <ul className="rows boxed">
      {sessions.map((session) => (
        <li key={session.id}>
          <span className="grow">
            <b title={session.agent}>{userAgentWords(session.agent)}</b> <span className="mono">{session.address}</span>
            <span className="label block">
              {t('sessions.since', {
                since: format.dateTime(session.since),
                age: format.age(session.lastUsed, now),
                methods: methodWords(session.methods),
              })}
            </span>
          </span>
          {session.current ? <span className="chip">{t('sessions.this')}</span> : null}
          {session.current || onEnd === undefined ? null : (
            <DeedButton type="button" className="btn sm" busy={pending} onClick={() => onEnd(session.id)}>
              {t('sessions.end')}
            </DeedButton>
          )}
        </li>
      ))}
    </ul>
  )
}
