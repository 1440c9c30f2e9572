import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AssetView } from '../../../src/access/assets/schema.ts'
import type { AssetWeaknesses } from '../../../src/assess/inventory/schema.ts'
import { withQuery } from '../../api/client.ts'
import { assetWeaknessesQuery } from '../../api/house-queries.ts'
import { withScope } from '../../api/scope.ts'
import { useFormat } from '../../components/use-format.ts'

/** How much is weak on an asset, in one line; nothing known is not nothing weak. */
export function WeakText({ weak }: { weak: AssetWeaknesses | undefined }): ReactNode {
  const { t } = useTranslation('assets')
  const format = useFormat()
  if (weak === undefined) return null
  if (weak.lists.length === 0) return <span className="dim">{t('weak.unknown')}</span>
  return (
    <>
      <span className="num">{format.count(weak.open)}</span>{' '}
      {weak.exploited === 0 ? null : <span className="chip shu">{t('weak.exploited', { count: weak.exploited })}</span>}
    </>
  )
}

/** Formats are called the same in every language. */
const BILLS = [
  ['cyclonedx', 'CycloneDX 1.6'],
  ['cyclonedx-xml', 'CycloneDX 1.6 XML'],
  ['spdx', 'SPDX 2.3'],
  ['spdx3', 'SPDX 3.0'],
] as const

const STEPS = ['open', 'fixable', 'inUse', 'exploited', 'waived'] as const

/** What is installed on an asset, who says so and when, and how much of it is weak. */
export function WeakOnAsset({ asset }: { asset: AssetView }): ReactNode {
  const { t } = useTranslation('assets')
  const { t: words } = useTranslation('vulnerabilities')
  const format = useFormat()
  const weak = useQuery(assetWeaknessesQuery([asset.id])).data?.get(asset.id)
  if (weak === undefined) return null
  const names = new Set(weak.lists.map((list) => list.asset))
  return (
    <section className="form-part" aria-label={t('weak.title')}>
      <h3 className="sec-h">{t('weak.title')}</h3>
      {weak.lists.length === 0 ? <p className="ink2">{t('weak.none')}</p> : null}
      {weak.lists.length === 0 ? null : (
        <dl className="pairs">
          {STEPS.map((step) => (
            <Fragment key={step}>
              <dt>{t(`weak.step.${step}`)}</dt>
              <dd className="num">{weak[step] === null ? t('weak.nobodyLooked') : format.count(weak[step])}</dd>
            </Fragment>
          ))}
          {(['immediate', 'out-of-cycle'] as const).map((decision) => (
            <Fragment key={decision}>
              <dt>{words(`decision.${decision}`)}</dt>
              <dd className="num">{format.count(weak.decisions[decision])}</dd>
            </Fragment>
          ))}
        </dl>
      )}
      <ul className="rows">
        {weak.lists.map((list) => (
          <li key={`${list.asset} ${list.source}`}>
            <span className="grow">
              <b>{list.source}</b> {list.format === 'components' ? null : <span className="label">{list.format}</span>}{' '}
              {list.components === null ? null : t('weak.components', { count: list.components })}{' '}
              {list.unjudged === 0 ? null : <span className="dim">{t('weak.unjudged', { count: list.unjudged })}</span>}
            </span>
            <span className="label num">{format.dateTime(list.received)}</span>
          </li>
        ))}
      </ul>
      {weak.agent === null ? null : (
        <p className={weak.agent.stale ? 'fig-miss' : 'ink2'}>
          {t(weak.agent.stale ? 'weak.agentStale' : 'weak.agent', {
            count: weak.agent.packages,
            since: format.dateTime(weak.agent.since),
            looked: format.dateTime(weak.agent.looked),
          })}
        </p>
      )}
      {[...names].map((name) => (
        <p key={name} className="ink2">
          {t('weak.bill', { name })}{' '}
          {BILLS.map(([format, title], at) => (
            <Fragment key={format}>
              {at === 0 ? null : ' · '}
              <a href={withScope(withQuery('/api/v1/inventories/bill', { asset: name, format }))} download>
                {title}
              </a>
            </Fragment>
          ))}
        </p>
      ))}
      {weak.open === 0
        ? null
        : [...names].map((name) => (
            <p key={name}>
              <Link to="/vulnerabilities" search={{ asset: name }}>
                {t('weak.show', { name })}
              </Link>
            </p>
          ))}
    </section>
  )
}
