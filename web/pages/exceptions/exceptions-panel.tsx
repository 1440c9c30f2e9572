import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { type ExceptionView, exceptionView } from '../../../src/detect/exceptions/schema.ts'
import { call } from '../../api/client.ts'
import { exceptionsQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { Preview } from './preview.tsx'

/** Exceptions: those that wait for a second person first, then what is in force, then the past. */
export function ExceptionsPanel(): ReactNode {
  const { t } = useTranslation('exceptions')
  const { t: common } = useTranslation()
  const { data, error, refetch } = useQuery(exceptionsQuery)
  const place = useRef<HTMLElement>(null)
  const there = data !== undefined
  useEffect(() => {
    if (there && window.location.hash === '#exceptions') place.current?.scrollIntoView()
  }, [there])
  const order = ['waiting', 'active', 'expired', 'ended', 'refused'] as const
  const all = data?.exceptions.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state)) ?? []
  return (
    <section ref={place} id="exceptions" className="sheet rules-place">
      <div className="panel-h">
        <h2>{t('list')}</h2>
        <span className="label num">
          {t('listSub', {
            active: all.filter(({ state }) => state === 'active').length,
            waiting: all.filter(({ state }) => state === 'waiting').length,
          })}
        </span>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="chart-p dim">{common('loading')}</p> : null}
      {data?.exceptions.length === 0 ? <p className="chart-p dim">{t('none')}</p> : null}
      {all.length === 0 ? null : (
        <ul className="rows chart-p">
          {all.map((one) => (
            <ExceptionRow key={one.id} one={one} />
          ))}
        </ul>
      )}
    </section>
  )
}

function ExceptionRow({ one }: { one: ExceptionView }): ReactNode {
  const { t } = useTranslation('exceptions')
  const format = useFormat()
  const now = useNow(60)
  const may = useMay()
  const client = useQueryClient()
  const done = (): void => void client.invalidateQueries({ queryKey: ['exceptions'] })
  const path = `/api/v1/exceptions/${encodeURIComponent(one.id)}`
  const decide = useMutation({
    mutationFn: (decision: 'approve' | 'refuse') =>
      call(exceptionView, `${path}/decide`, { method: 'POST', body: { decision, note: '' } }),
    onSuccess: done,
  })
  const end = useMutation({ mutationFn: () => call(exceptionView, path, { method: 'DELETE' }), onSuccess: done })
  const live = one.state === 'active' || one.state === 'waiting'
  return (
    <li className="wrap">
      <span className="grow">
        <b>{format.text({ en: one.rule.title, ja: one.rule.titleJa })}</b>{' '}
        <span className={`chip${one.state === 'waiting' ? ' fired' : ''}`}>{t(`state.${one.state}`)}</span>
        <span className="block">
          {one.conditions.length === 0
            ? t('whole')
            : one.conditions.map((condition) => (
                <span key={condition.field + condition.op} className="chip mono">
                  {t(`reads.${condition.op}`, { field: condition.field, value: condition.values.join(' | ') })}
                </span>
              ))}
        </span>
        <span className="block ink2">{one.reason}</span>
        <span className="block label">
          {t('by', { owner: one.owner, author: one.createdBy, when: format.dateTime(one.createdAt) })}
          {one.decidedBy === null ? '' : ` · ${t('decided', { name: one.decidedBy, state: one.state })}`}
          {live ? ` · ${t('until', { when: format.date(one.expiresAt) })}` : ''}
          {` · ${t('hid', { count: one.hidden })}`}
          {one.lastHidden === null ? '' : ` · ${t('lastHid', { age: format.age(one.lastHidden, now) })}`}
        </span>
        <details className="table">
          <summary>{t('preview.title')}</summary>
          <Preview preview={one.preview} />
        </details>
      </span>
      {one.mayDecide ? (
        <span className="row">
          <DeedButton type="button" className="btn sm" busy={decide.isPending} onClick={() => decide.mutate('refuse')}>
            {t('refuse')}
          </DeedButton>
          <SureButton
            label={t('approve')}
            sure={t('approveSure', { hidden: one.preview.hidden, true: one.preview.verdicts.true })}
            yes={t('approve')}
            pending={decide.isPending}
            onSure={() => decide.mutate('approve')}
          />
        </span>
      ) : null}
      {live && may('alerts:write') ? (
        <SureButton
          label={one.state === 'waiting' ? t('withdraw') : t('end')}
          sure={one.state === 'waiting' ? t('withdrawSure') : t('endSure')}
          yes={one.state === 'waiting' ? t('withdraw') : t('end')}
          pending={end.isPending}
          onSure={() => end.mutate()}
        />
      ) : null}
      {one.state === 'waiting' && !one.mayDecide ? <span className="label">{t('needsAnother')}</span> : null}
      {decide.error === null ? null : <ProblemNote error={decide.error} />}
      {end.error === null ? null : <ProblemNote error={end.error} />}
    </li>
  )
}
