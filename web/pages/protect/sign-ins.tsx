import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { getPath, type JsonObject } from '../../../src/kernel/json.ts'
import { ATTEMPTS, REFUSED_ATTEMPTS, SIGNALS, type Span, STOPPED_ATTEMPTS, transactionsQuery } from '../../api/protect-queries.ts'
import { histogramQuery } from '../../api/queries.ts'
import { useFormat } from '../../components/use-format.ts'

const LATEST = 20

/** Guarded sign-ins: attempts, those that were refused and those that were kept away, and what was suspected. Nothing where there are none. */
export function SignInsPanel({ span }: { span: Span }): ReactNode {
  const { t } = useTranslation('protect')
  const format = useFormat()
  const counts = [ATTEMPTS, REFUSED_ATTEMPTS, STOPPED_ATTEMPTS] as const
  const [all, refused, stopped] = [
    useQuery(histogramQuery({ query: counts[0], ...span, buckets: 1 })),
    useQuery(histogramQuery({ query: counts[1], ...span, buckets: 1 })),
    useQuery(histogramQuery({ query: counts[2], ...span, buckets: 1 })),
  ]
  const signals = useQuery(transactionsQuery(SIGNALS, span, LATEST))
  if (all.data === undefined || all.data.total === 0) return null
  return (
    <section className="sheet rules-place" aria-label={t('signIns')}>
      <div className="panel-h">
        <h2>{t('signIns')}</h2>
        <span className="label num">
          {t('signInsSub', { all: all.data.total, refused: refused.data?.total ?? 0, stopped: stopped.data?.total ?? 0 })}
        </span>
      </div>
      {(signals.data?.events ?? []).length === 0 ? (
        <p className="chart-p dim">{t('noSignals')}</p>
      ) : (
        <table className="srcs">
          <thead>
            <tr>
              <th>{t('col.when')}</th>
              <th>{t('col.signal')}</th>
              <th>{t('col.about')}</th>
              <th className="r">{t('col.failures')}</th>
              <th className="r">{t('col.accounts')}</th>
            </tr>
          </thead>
          <tbody>
            {signals.data?.events.map(({ id, observed, doc }) => (
              <tr key={id}>
                <td className="num">{format.dateTime(observed)}</td>
                <td>{t(`signal.${nameOf(doc)}`)}</td>
                <td className="mono">
                  <bdi>{aboutOf(doc)}</bdi>
                </td>
                <td className="r num">{numberAt(doc, 'waf.login.failures')}</td>
                <td className="r num">{numberAt(doc, 'waf.login.accounts')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const NAMES = [
  'brute-force-account',
  'slow-brute-force-account',
  'brute-force-address',
  'spraying-address',
  'slow-spraying-address',
  'spraying-network',
  'spraying-password',
  'stuffing-fingerprint',
  'stuffing-login',
  'memory-full',
] as const

function nameOf(doc: JsonObject): (typeof NAMES)[number] | 'other' {
  const signal = getPath(doc, 'waf.login.signal')
  return NAMES.find((name) => name === signal) ?? 'other'
}

/** What a person can act on: the account, the address, the network or the kind of client. */
function aboutOf(doc: JsonObject): string {
  const found = ['user.name', 'source.ip', 'waf.login.network', 'waf.login.fingerprint', 'waf.login.name']
    .map((path) => getPath(doc, path))
    .find((value) => typeof value === 'string')
  return typeof found === 'string' ? found : ''
}

function numberAt(doc: JsonObject, path: string): string {
  const value = getPath(doc, path)
  return typeof value === 'number' ? String(value) : '–'
}
