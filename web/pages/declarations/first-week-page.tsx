import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { FirstWeekView, StepView } from '../../../src/app/first-week/schema.ts'
import { firstWeekQuery } from '../../api/queries.ts'
import { Code } from '../../components/copy.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ChoosePath } from './choose-path.tsx'

/** The plan of a week that ends with a real card; each step is told by how things are. */
export function FirstWeekPage(): ReactNode {
  const { t } = useTranslation('firstWeek')
  const { data, error, refetch } = useQuery(firstWeekQuery)
  const done = data?.steps.filter((step) => step.done).length ?? 0
  const next = data?.steps.find((step) => !step.done)?.id
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{t('title')}</h1>
          <p>{t('lead')}</p>
        </div>
        {data === undefined ? null : <span className="label num">{t('progress', { done, of: data.steps.length })}</span>}
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? null : (
        <ol className="week-steps">
          {data.steps.map((step, index) => (
            <Step key={step.id} view={data} step={step} day={index + 1} next={step.id === next} />
          ))}
        </ol>
      )}
    </main>
  )
}

function Step({ view, step, day, next }: { view: FirstWeekView; step: StepView; day: number; next: boolean }): ReactNode {
  const { t } = useTranslation('firstWeek')
  const format = useFormat()
  return (
    <li className="sheet" aria-current={next ? 'step' : undefined} data-done={step.done}>
      <div className="panel-h">
        <StateGlyph state={step.done ? 'met' : 'gone'} silent />
        <h2>
          <span className="label num">{t('day', { day })}</span> {t(`step.${step.id}.title`)}
        </h2>
        <span className="label end">
          {step.done ? t('done') : next ? t('now') : t('open')}
          {step.count === null || step.of === null ? null : (
            <span className="num"> {`${format.count(step.count)} / ${format.count(step.of)}`}</span>
          )}
        </span>
      </div>
      <div className="chart-p stack deed">
        <p className="ink2">{t(`step.${step.id}.text`)}</p>
        <StepDeed view={view} id={step.id} done={step.done} />
      </div>
    </li>
  )
}

/** What there is to do for a step; a step whose turn has not come says nothing more. */
function StepDeed({ view, id, done }: { view: FirstWeekView; id: StepView['id']; done: boolean }): ReactNode {
  const { t } = useTranslation('firstWeek')
  const may = useMay()
  const format = useFormat()
  const card = view.card
  switch (id) {
    case 'path':
    case 'card':
      if (id === 'path' && view.path !== null && card !== null)
        return <p>{t('chosen', { name: format.text(view.path.name), by: view.path.by })}</p>
      if (id === 'card' && card !== null)
        return (
          <Link className="btn" to="/declarations" search={{ card: card.id }}>
            {t('openCard', { name: format.text(card.name) })}
          </Link>
        )
      return id === 'path' && may('cards:write') ? <ChoosePath view={view} /> : null
    case 'objectives':
      return card === null || done ? null : (
        <Link className="btn" to="/declarations" search={{ card: card.id }}>
          {t('seeFigures')}
        </Link>
      )
    case 'evidence':
      return card === null ? null : (
        <>
          <Link className="btn" to="/evidence" search={{ subject: `card:${card.id}` }}>
            {t('seeEvidence')}
          </Link>
          <Code
            note={t('wiki')}
            text={`[![${format.text(card.name)}](${window.location.origin}${card.badgeUrl}?lang=${format.lang})](${window.location.origin}/declarations?card=${card.id})`}
          />
        </>
      )
    case 'triggers':
      return card === null ? null : <p className="label">{t('triggersNote')}</p>
    case 'review':
      return (
        <Link className="btn" to="/review" search={{}}>
          {t('toReview')}
        </Link>
      )
    case 'seal':
      return card === null ? null : (
        <div className="row">
          <img
            src={`${card.badgeUrl}?lang=${format.lang}`}
            alt={t('badgeAlt', { name: format.text(card.name) })}
            width="320"
            height="84"
          />
          {done ? null : <p className="ink2">{t('sealNote')}</p>}
        </div>
      )
  }
}
