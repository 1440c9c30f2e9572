import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useDeferredValue, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CoverageResponse, RulesResponse } from '../../../src/detect/schema.ts'
import { coverageQuery, rulesQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { CELL, CoverageKey } from '../../components/figures/coverage-strip.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { SeverityTag } from '../../components/severity.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { ExceptionsPanel } from '../exceptions/exceptions-panel.tsx'
import { IndicatorsSheet } from './indicators-sheet.tsx'
import { RefusedSheet } from './refused-sheet.tsx'
import { RuleDrawer } from './rule-drawer.tsx'
import { ScenarioDrawer } from './scenario-drawer.tsx'
import { ScenariosSheet } from './scenarios-sheet.tsx'

const route = getRouteApi('/house/rules')
const DAYS = ['7', '30', '90'] as const

/** ATT&CK by what was proven, and the rules behind it with what they raised; refused ones by file and line. */
export function RulesPage(): ReactNode {
  const { t } = useTranslation('rules')
  const { t: common } = useTranslation()
  const format = useFormat()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/rules' })
  const now = useNow(60)
  const days = search.days ?? 7
  const coverage = useQuery(coverageQuery(days))
  const words = [search.technique, search.q].filter((word) => word !== undefined).join(' ')
  const rules = useInfiniteQuery(rulesQuery(words))
  const first = rules.data?.pages[0]
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.rules')}</h1>
          <p>{coverage.data === undefined ? t('lead') : format.text(coverage.data.set)}</p>
        </div>
        <Segmented
          label={t('within')}
          value={DAYS.find((one) => Number(one) === days) ?? '7'}
          choices={DAYS.map((one) => ({ value: one, label: format.days(Number(one)) }))}
          onChange={(one) => void navigate({ search: (before) => ({ ...before, days: Number(one) }), replace: true })}
        />
      </div>
      {coverage.error === null ? null : <ProblemNote error={coverage.error} retry={() => void coverage.refetch()} />}
      {coverage.data === undefined ? null : <Matrix coverage={coverage.data} chosen={search.technique} />}
      <ScenariosSheet technique={search.technique} />
      <section className="sheet rules-place">
        <div className="panel-h">
          <h2>{t('rules')}</h2>
          {first === undefined ? null : (
            <span className="label num">{t('loaded', { count: first.total, refused: first.refusedTotal })}</span>
          )}
          <RuleFilter
            value={search.q ?? ''}
            onChange={(q) => void navigate({ search: (before) => ({ ...before, q: q === '' ? undefined : q }), replace: true })}
          />
        </div>
        {search.technique === undefined ? null : (
          <p className="chart-p">
            <Link className="chip mono" to="/rules" search={(before) => ({ ...before, technique: undefined })}>
              {search.technique} ×
            </Link>
          </p>
        )}
        {rules.error === null ? null : <ProblemNote error={rules.error} retry={() => void rules.refetch()} />}
        <RuleTable pages={rules.data?.pages ?? []} />
        {rules.hasNextPage ? (
          <div className="more">
            <DeedButton
              type="button"
              className="btn sm"
              busy={rules.isFetchingNextPage}
              onClick={() => void rules.fetchNextPage()}
            >
              {common('more')}
            </DeedButton>
          </div>
        ) : null}
      </section>
      <ExceptionsPanel />
      <IndicatorsSheet now={now} />
      {first === undefined || first.refused.length === 0 ? null : <RefusedSheet response={first} />}
      {search.rule === undefined ? null : (
        <RuleDrawer
          id={search.rule}
          onClose={() => void navigate({ search: (before) => ({ ...before, rule: undefined }), resetScroll: false })}
        />
      )}
      {search.scenario === undefined ? null : (
        <ScenarioDrawer
          id={search.scenario}
          onClose={() => void navigate({ search: (before) => ({ ...before, scenario: undefined }), resetScroll: false })}
        />
      )}
    </main>
  )
}

function Matrix({ coverage, chosen }: { coverage: CoverageResponse; chosen: string | undefined }): ReactNode {
  const { t } = useTranslation('rules')
  const { t: common } = useTranslation()
  const format = useFormat()
  const now = useNow(60)
  const order = ['failed', 'proven', 'older', 'rule', 'nothing'] as const
  return (
    <section className="sheet" aria-label={common('coverage.title')}>
      <div className="panel-h">
        <h2>{common('coverage.title')}</h2>
        <span className="num">
          <b>{coverage.totals.percent === null ? '–' : `${format.decimal(coverage.totals.percent, 1)} %`}</b>{' '}
          <span className="label">
            {common('coverage.of', { proven: coverage.totals.proven, total: coverage.totals.techniques })}
          </span>
        </span>
        <span className="label end">ATT&CK {coverage.attack}</span>
      </div>
      <div className="matrix">
        {coverage.tactics.map((tactic) => (
          <div key={tactic.id}>
            <h3 title={format.text(tactic.name)}>{common(`tactic.${tactic.id}`)}</h3>
            <div className="of num">
              {tactic.techniques.filter((one) => one.state === 'proven').length} / {tactic.techniques.length}
            </div>
            <ul>
              {tactic.techniques
                .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.id.localeCompare(b.id))
                .map((technique) => {
                  const title = t(`technique.${technique.state}`, {
                    id: technique.id,
                    name: technique.name,
                    rules: technique.rules,
                    age: technique.lastExecuted === null ? '' : format.age(technique.lastExecuted, now),
                  })
                  return (
                    <li key={technique.id}>
                      <Link
                        className={CELL[technique.state]}
                        to="/rules"
                        search={(before) => ({ ...before, technique: technique.id === chosen ? undefined : technique.id })}
                        resetScroll={false}
                        title={title}
                        aria-label={title}
                        aria-current={technique.id === chosen ? 'true' : undefined}
                      >
                        {technique.id}
                      </Link>
                    </li>
                  )
                })}
            </ul>
          </div>
        ))}
      </div>
      <div className="chart-p">
        <CoverageKey days={coverage.days} />
        {coverage.unknown.length === 0 ? null : (
          <p className="label sum-check">
            {t('unknownTechniques', { count: coverage.unknown.length, list: coverage.unknown.slice(0, 12).join(', ') })}
          </p>
        )}
      </div>
    </section>
  )
}

function RuleTable({ pages }: { pages: readonly RulesResponse[] }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const now = useNow(60)
  const rows = pages.flatMap((page) => page.rules)
  if (pages.length > 0 && rows.length === 0) return <p className="chart-p dim">{t('none')}</p>
  return (
    <table className="srcs still">
      <thead>
        <tr>
          <th>{t('col.severity')}</th>
          <th>{t('col.rule')}</th>
          <th>{t('col.techniques')}</th>
          <th className="r">{t('col.perWeek')}</th>
          <th className="r x">{t('col.precision')}</th>
          <th className="r">{t('col.last')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((rule) => (
          <tr key={rule.id}>
            <td>
              <SeverityTag severity={rule.severity} />
            </td>
            <td>
              <Link className="name" to="/rules" search={(before) => ({ ...before, rule: rule.id })} resetScroll={false}>
                {format.text({ en: rule.title, ja: rule.titleJa })}
              </Link>
              {rule.missing.length === 0 ? null : <p>{t('missing', { fields: rule.missing.join(', ') })}</p>}
              {rule.off ? <p>{t('off')}</p> : null}
            </td>
            <td className="mono dim">{rule.techniques.join(' ')}</td>
            <td className="r num" title={t('alerts30', { count: rule.alerts })}>
              {format.decimal(rule.perWeek, 1)}
            </td>
            <td
              className="r num x"
              title={t('judged', { true: rule.judgedTrue, expected: rule.judgedExpected, false: rule.judgedFalse })}
            >
              {rule.precision === null ? <span className="dim">–</span> : `${format.decimal(rule.precision, 0)} %`}
            </td>
            <td className="r num">
              {rule.lastRaised === null ? (
                <span className="dim">{t('never')}</span>
              ) : (
                t('ago', { age: format.age(rule.lastRaised, now) })
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function RuleFilter({ value, onChange }: { value: string; onChange: (q: string) => void }): ReactNode {
  const { t } = useTranslation('rules')
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(value)
  const settled = useDeferredValue(text)
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    if (settled === value) return
    const timer = setTimeout(() => latest.current(settled), 250)
    return () => clearTimeout(timer)
  }, [settled, value])
  useKeys({ '/': () => input.current?.focus() })
  return (
    <input
      ref={input}
      className="input sm end rule-filter"
      type="search"
      value={text}
      placeholder={t('filter')}
      aria-label={t('filter')}
      aria-keyshortcuts="/"
      onChange={(event) => setText(event.target.value)}
    />
  )
}
