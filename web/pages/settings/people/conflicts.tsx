import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { conflictsQuery } from '../../../api/access.ts'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { Panel } from '../panel.tsx'

/** Duties that one person holds and two should; and what waits because nobody but its author could approve it. */
export function Conflicts(): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const format = useFormat()
  const { data, error } = useQuery(conflictsQuery)
  if (error !== null) return <ProblemNote error={error} />
  if (data === undefined) return null
  const none = data.people.length === 0 && data.waiting.length === 0
  return (
    <Panel title={t('conflicts.title')} text={t('conflicts.text')}>
      {none ? (
        <p className="row">
          <StateGlyph state="met" silent />
          {t('conflicts.none')}
        </p>
      ) : (
        <ul className="rows boxed">
          {data.people.flatMap((person) =>
            person.duties.map(([one, other]) => (
              <li key={`${person.account} ${one} ${other}`}>
                <StateGlyph state="risk" silent />
                <span className="grow">
                  <b>{person.display === '' ? person.name : person.display}</b>{' '}
                  {t('roles.pair', { one: access(`role.${one}`), other: access(`role.${other}`) })}
                </span>
              </li>
            )),
          )}
          {data.waiting.map((one) => (
            <li key={`${one.kind} ${one.id} ${one.version}`}>
              <StateGlyph state="gone" silent />
              <span className="grow">
                <b>{format.text(one.title)}</b>{' '}
                {t('conflicts.waiting', { author: one.author, version: one.version, since: format.date(one.since) })}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
