import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem.ts'
import { Icon } from './icon.tsx'

/** What happened, where, and what to do: the shape every error of Kanpeki has. */
export function ProblemNote({ error, retry }: { error: unknown; retry?: () => void }): ReactNode {
  const { t } = useTranslation()
  const problem =
    error instanceof Problem ? error : new Problem(0, { detail: error instanceof Error ? error.message : String(error) })
  const known = problem.code === 'unreachable' || problem.code === 'unexpected-shape'
  const place = problem.place
  return (
    <div className="problem" role="alert">
      <svg className="ico" viewBox="0 0 14 14" aria-hidden="true">
        <path d="M7 1.8 12.8 12H1.2z M7 5.5v3M7 10.2v.01" />
      </svg>
      <div className="grow">
        <b>{known ? t(`problem.${problem.code as 'unreachable' | 'unexpected-shape'}`) : problem.message}</b>
        {known && problem.code === 'unexpected-shape' ? <p className="mono dim">{problem.message}</p> : null}
        {place === undefined ? null : (
          <p className="mono dim">
            {[place.file, place.field].filter((part) => part !== undefined).join(' ')}{' '}
            {place.line === undefined ? '' : t('problem.line', { line: place.line })}{' '}
            {place.column === undefined ? '' : t('problem.column', { column: place.column })}
          </p>
        )}
        {problem.remedy === undefined ? null : <p>{problem.remedy}</p>}
      </div>
      {retry === undefined ? null : (
        <button type="button" className="btn sm" onClick={retry}>
          <Icon name="refresh" small />
          {t('problem.retry')}
        </button>
      )}
    </div>
  )
}
