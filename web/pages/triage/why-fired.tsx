import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AlertDetail } from '../../../src/detect/schema.ts'
import type { JsonValue } from '../../../src/kernel/json.ts'
import { useFormat } from '../../components/use-format.ts'
import { numbered } from './conditions.ts'
import { markMatches } from './marks.ts'

const shown = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Numbered conditions on the left; the event's fields on the right under the same numbers. Values wrap, never truncate. */
export function WhyFired({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const format = useFormat()
  const conditions = numbered(alert.conditions)
  const numbersOf = (field: string): readonly number[] =>
    conditions.flatMap((condition, index) => (condition.fields.includes(field) ? [index + 1] : []))
  const fields = Object.entries(alert.fields).toSorted(([a], [b]) => (numbersOf(a)[0] ?? 99) - (numbersOf(b)[0] ?? 99))
  const groups = Object.entries(alert.group).filter(([field]) => !(field in alert.fields))
  return (
    <div className="sec">
      <h3>
        {t('why.title')}
        <span className="label">
          {t('why.count', { count: conditions.length })} <span className="mono">{alert.rule.file.split('/').at(-1)}</span>
        </span>
        <Link to="/rules" search={{ q: alert.rule.id }}>
          {t('why.rule')}
        </Link>
      </h3>
      <div className="fire">
        <div className="cond">
          <ol>
            {conditions.map((condition, index) => (
              <li key={condition.text + condition.fields.join()}>
                <span className="dot">{index + 1}</span>
                <span className="cond-t">
                  {condition.read === undefined
                    ? condition.text
                    : t(`cond.${condition.read.how}`, { field: condition.read.field, value: condition.read.value })}
                </span>
              </li>
            ))}
          </ol>
          <div className="label cond-n">{t('why.before', { count: alert.before.anyEntity, days: alert.before.days })}</div>
        </div>
        <div>
          <dl className="kv">
            <dt>@timestamp</dt>
            <dd>{format.exact(alert.lastObserved)}</dd>
            <dd className="nums" />
            {[...fields, ...groups].map(([field, value]) => {
              const numbers = numbersOf(field)
              const seen = conditions.filter((condition) => condition.fields.includes(field))
              return (
                <div key={field} className="contents">
                  <dt>{field}</dt>
                  <dd>
                    {markMatches(shown(value), seen).map((part, index) =>
                      part.mark ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>,
                    )}
                  </dd>
                  <dd className="nums">
                    {numbers.map((number) => (
                      <span key={number} className="dot">
                        {number}
                      </span>
                    ))}
                  </dd>
                </div>
              )
            })}
          </dl>
        </div>
      </div>
    </div>
  )
}
