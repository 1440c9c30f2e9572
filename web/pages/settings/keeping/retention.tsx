import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RetentionView } from '../../../../src/app/retention/schema.ts'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { Panel } from '../panel.tsx'

const GLYPHS = { fine: 'met', near: 'risk', early: 'miss', over: 'miss' } as const

/** What the settings say, and how full the store is. */
export function Retention({ retention }: { retention: RetentionView }): ReactNode {
  const { t } = useTranslation('keeping')
  const format = useFormat()
  const { days, size, exceptions, alertDays, last } = retention
  const forever = t('retention.forever')
  return (
    <Panel
      title={t('retention.title')}
      text={t('retention.text')}
      end={
        <Link className="btn sm quiet" to="/settings/config">
          {t('retention.settings')}
        </Link>
      }
    >
      <dl className="pairs">
        <dt>{t('retention.days')}</dt>
        <dd>{days === null ? forever : format.days(days)}</dd>
        {exceptions.map(({ of, name, days: own }) => (
          <ExceptionFact key={`${of} ${name}`} label={t(`retention.of.${of}`)} name={name} value={format.days(own)} />
        ))}
        <dt>{t('retention.size')}</dt>
        <dd>{size === null ? t('retention.noLimit') : format.bytes(size)}</dd>
        <dt>{t('retention.alerts')}</dt>
        <dd>{alertDays === null ? forever : format.days(alertDays)}</dd>
        {last === null ? null : (
          <>
            <dt>{t('retention.used')}</dt>
            <dd>
              {format.bytes(last.used)}
              {last.limit === null ? null : ` (${format.percent(last.used / last.limit)})`}
            </dd>
            <dt>{t('retention.oldest')}</dt>
            <dd>{last.oldest === null ? t('retention.none') : format.dateTime(last.oldest)}</dd>
            <dt>{t('retention.dropped')}</dt>
            <dd>{t('retention.droppedText', { events: last.droppedEvents, hours: last.droppedHours })}</dd>
            {last.heldHours === 0 ? null : (
              <>
                <dt>{t('retention.held')}</dt>
                <dd>{t('retention.hours', { count: last.heldHours })}</dd>
              </>
            )}
          </>
        )}
      </dl>
      {last === null ? null : (
        <p role="status">
          <StateGlyph state={GLYPHS[last.state]} silent />{' '}
          {t(`retention.state.${last.state}`, {
            left: last.hoursLeft === null ? 'none' : 'some',
            leftText: last.hoursLeft === null ? '' : format.duration(last.hoursLeft * 3600),
          })}
        </p>
      )}
    </Panel>
  )
}

function ExceptionFact({ label, name, value }: { label: string; name: string; value: string }): ReactNode {
  return (
    <>
      <dt>
        {label} <bdi className="mono">{name}</bdi>
      </dt>
      <dd>{value}</dd>
    </>
  )
}
