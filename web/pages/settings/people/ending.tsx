import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Person } from '../../../../src/access/people/schema.ts'
import { changePerson } from '../../../api/access.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useFormat } from '../../../components/use-format.ts'

/** Ends an account after saying what ends with it; or opens an ended one again. */
export function Ending({ person }: { person: Person }): ReactNode {
  const { t } = useTranslation('settings')
  const format = useFormat()
  const client = useQueryClient()
  const [asked, setAsked] = useState(false)
  const change = useMutation({
    mutationFn: (active: boolean) => changePerson(person.id, { active }),
    onSuccess: () => {
      setAsked(false)
      void client.invalidateQueries({ queryKey: ['people'] })
    },
  })
  const done = person.active ? undefined : change.data
  return (
    <div className="sec stack">
      <h3>{t(person.active ? 'ending.title' : 'ending.ended')}</h3>
      {done === undefined ? null : (
        <div role="status" className="stack">
          <p>{t('ending.done', { sessions: done.ended.sessions, tokens: done.ended.tokens })}</p>
          {done.rotate.length === 0 ? null : (
            <>
              <p className="ink2">{t('ending.rotate', { count: done.rotate.length })}</p>
              <ul className="rows boxed">
                {done.rotate.map((token) => (
                  <li key={token.id}>
                    <span className="grow">{token.name}</span>
                    <span className="label num">
                      {token.lastUsed === null ? t('tokens.never') : t('tokens.usedAt', { at: format.dateTime(token.lastUsed) })}
                    </span>
                  </li>
                ))}
              </ul>
              <p>
                <Link to="/settings/tokens">{t('section.tokens')}</Link>
              </p>
            </>
          )}
        </div>
      )}
      {person.active ? (
        <>
          <p className="ink2">{t('ending.text', { name: person.name })}</p>
          {asked ? (
            <div role="alert" className="stack">
              <ul className="bullets">
                <li>{t('ending.sessions', { count: person.sessions })}</li>
                <li>{t('ending.tokens')}</li>
                <li>{t('ending.ingest')}</li>
                <li>{t('ending.kept')}</li>
                {person.origin === 'local' ? null : <li>{t('ending.elsewhere')}</li>}
              </ul>
              <div className="row">
                <DeedButton type="button" className="btn ink" busy={change.isPending} onClick={() => change.mutate(false)}>
                  {t('ending.sure', { name: person.name })}
                </DeedButton>
                <button type="button" className="btn quiet" onClick={() => setAsked(false)}>
                  {t('cancel')}
                </button>
              </div>
            </div>
          ) : (
            <div>
              <button type="button" className="btn" onClick={() => setAsked(true)}>
                {t('ending.ask')}
              </button>
            </div>
          )}
        </>
      ) : (
        <div>
          <DeedButton type="button" className="btn" busy={change.isPending} onClick={() => change.mutate(true)}>
            {t('ending.reopen')}
          </DeedButton>
        </div>
      )}
      {change.error === null ? null : <ProblemNote error={change.error} />}
    </div>
  )
}
