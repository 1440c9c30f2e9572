import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import {
  CVSS_VERSIONS,
  type CvssMetric,
  type CvssVersion,
  type MetricGroup,
  metricsOf,
} from '../../../src/assess/cvss/metrics.ts'
import { type CvssScore, scoreCvss, severityOf } from '../../../src/assess/cvss/score.ts'
import { type CvssVector, readVector, writeVector } from '../../../src/assess/cvss/vector.ts'
import { Field } from '../../components/fields.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { metricKey, plainMetric, undefinedOf, valueKey } from './cvss-words.ts'

const GROUPS: readonly MetricGroup[] = ['base', 'threat', 'environmental', 'supplemental']

/** Half a vector or a whole one, and what is typed of it. */
export interface Draft extends CvssVector {
  readonly typed: string
  /** What is wrong with what is typed; the choices below are those of before then. */
  readonly fault: string | undefined
}

/** @param text empty, or what cannot be read: an empty one of version 3.1. */
export function draftOf(text: string): Draft {
  try {
    return { ...readVector(text), typed: text, fault: undefined }
  } catch {
    return { version: '3.1', values: new Map(), typed: '', fault: undefined }
  }
}

/** Undefined while base metrics are missing. */
export function scoreOf({ version, values }: CvssVector): CvssScore | undefined {
  const missing = missingOf({ version, values })
  return missing.length > 0 ? undefined : scoreCvss(writeVector({ version, values }))
}

function missingOf({ version, values }: CvssVector): readonly string[] {
  return metricsOf(version).flatMap(({ name, group }) => (group === 'base' && !values.has(name) ? [name] : []))
}

/** A CVSS vector by choices and as text, each following the other, with its score at once. */
export function CvssEditor({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }): ReactNode {
  const { t } = useTranslation('cvss')
  const { version, values } = draft
  const put = (next: CvssVector): void => onChange({ ...next, typed: writeVector(next), fault: undefined })
  const choose = (name: string, value: string | undefined): void => {
    const changed = new Map(values)
    if (value === undefined) changed.delete(name)
    else changed.set(name, value)
    put({ version, values: changed })
  }
  const type = (typed: string): void => {
    try {
      onChange({ ...readVector(typed.trim()), typed, fault: undefined })
    } catch (error) {
      onChange({ ...draft, typed, fault: error instanceof Error ? error.message : String(error) })
    }
  }
  return (
    <div className="cvss">
      <Segmented
        label={t('version')}
        value={version}
        choices={CVSS_VERSIONS.map((one) => ({ value: one, label: one }))}
        onChange={(next) => put(carried(values, next))}
      />
      <Field label={t('vector')} hint={t('vectorHint')} wrong={draft.fault}>
        <input
          className="input mono"
          spellCheck={false}
          autoComplete="off"
          maxLength={500}
          value={draft.typed}
          onChange={(event) => type(event.target.value)}
        />
      </Field>
      {GROUPS.map((group) => {
        const metrics = metricsOf(version).filter((metric) => metric.group === group)
        if (metrics.length === 0) return null
        const rows = metrics.map((metric) => (
          <MetricChoice
            key={`${version} ${metric.name}`}
            version={version}
            metric={metric}
            value={values.get(metric.name)}
            onChoose={(value) => choose(metric.name, value)}
          />
        ))
        return group === 'base' ? (
          <fieldset key={group} className="form-part">
            <legend>{t('group.base')}</legend>
            {rows}
          </fieldset>
        ) : (
          <details key={group} className="form-part" open={metrics.some(({ name }) => values.has(name))}>
            <summary>{group === 'threat' && version !== '4.0' ? t('group.threat3') : t(`group.${group}`)}</summary>
            <div className="cvss-part">{rows}</div>
          </details>
        )
      })}
      <ScoreLine draft={draft} />
    </div>
  )
}

/** What the next version knows of the same letters stays. */
function carried(values: ReadonlyMap<string, string>, version: CvssVersion): CvssVector {
  const kept = metricsOf(version).flatMap(({ name, values: known }) => {
    const value = values.get(name)
    return value !== undefined && known.includes(value) ? [[name, value] as const] : []
  })
  return { version, values: new Map(kept) }
}

function ScoreLine({ draft }: { draft: Draft }): ReactNode {
  const { t } = useTranslation('cvss')
  const { t: words } = useTranslation('vulnerabilities')
  const score = scoreOf(draft)
  if (score === undefined)
    return (
      <p className="cvss-score" role="status">
        {t('noScore', { missing: missingOf(draft).join(', ') })}
      </p>
    )
  const { version, base, threat, environmental, overall } = score
  const severity = severityOf(overall)
  const says = (group: MetricGroup): boolean =>
    metricsOf(version).some((metric) => metric.group === group && draft.values.has(metric.name))
  const parts = [
    [t('group.base'), base],
    [version === '4.0' ? t('group.threat') : t('group.threat3'), says('threat') ? threat : undefined],
    [t('group.environmental'), says('environmental') ? environmental : undefined],
  ] as const
  return (
    <p className="cvss-score" role="status" aria-label={t('live')}>
      <b className={severity === 'critical' || severity === 'high' ? 'fig-miss' : ''}>
        {t('score', { severity: words(`severity.${severity}`), score: overall.toFixed(1) })}
      </b>{' '}
      {parts.map(([group, part]) =>
        part === undefined ? null : (
          <span key={group} className="label">
            {t('partScore', { group, score: part.toFixed(1) })}{' '}
          </span>
        ),
      )}
    </p>
  )
}

/** One metric: its values side by side, moved through by the arrow keys. */
export function MetricChoice({
  version,
  metric,
  value,
  onChoose,
}: {
  version: CvssVersion
  metric: CvssMetric
  value: string | undefined
  /** Undefined: not defined. */
  onChoose: (value: string | undefined) => void
}): ReactNode {
  const { t } = useTranslation('cvss')
  const group = useId()
  const { name } = metric
  const absent = undefinedOf(metric)
  const words = t(`metric.${metricKey(version, name)}`)
  return (
    <fieldset className="cvss-metric">
      <legend>
        {plainMetric(version, name) === name ? words : t('modified', { metric: words })} <span className="dim mono">{name}</span>
      </legend>
      <div className="cvss-values">
        {metric.values.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name={group}
              checked={(value ?? absent) === one}
              onChange={() => onChoose(one === absent ? undefined : one)}
            />
            <span>{t(`value.${valueKey(version, name, one)}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
