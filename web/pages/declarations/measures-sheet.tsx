import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MeasureInfo, TemplateInfo } from '../../../src/declare/catalogue/schema.ts'
import { measuresQuery } from '../../api/queries.ts'
import { Code } from '../../components/copy.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { finds, objectiveLines } from './catalogue-text.ts'
import { SeriesForm } from './series-form.tsx'

/** What can be promised: every measure with definition, source, freshness and proof, and templates for what others measure. */
export function MeasuresSheet(): ReactNode {
  const { t } = useTranslation('declarations')
  const { data, error, refetch } = useQuery(measuresQuery)
  const [words, setWords] = useState('')
  const [making, setMaking] = useState<TemplateInfo>()
  const measures = (data?.measures ?? []).filter((one) => finds(words, textsOfMeasure(one)))
  const templates = (data?.templates ?? []).filter((one) => finds(words, textsOfTemplate(one)))
  return (
    <section className="sheet series-sheet" aria-labelledby="measures-title">
      <div className="filters in-sheet">
        <div className="grow">
          <h2 id="measures-title">{t('measures.title')}</h2>
          <p className="ink2">{t('measures.lead')}</p>
        </div>
        <input
          className="input"
          type="search"
          aria-label={t('measures.search')}
          placeholder={t('measures.search')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data !== undefined && measures.length + templates.length === 0 ? (
        <p className="ink2 measures-none">{t('measures.nothing', { words })}</p>
      ) : null}
      <ul className="measures">
        {measures.map((one) => (
          <MeasureRow key={one.id} measure={one} />
        ))}
        {templates.map((one) => (
          <TemplateRow key={one.series} template={one} onMake={() => setMaking(one)} />
        ))}
      </ul>
      {making === undefined ? null : (
        <SeriesForm
          series={undefined}
          template={making}
          onClose={() => {
            setMaking(undefined)
            void refetch()
          }}
        />
      )}
    </section>
  )
}

function textsOfMeasure({ id, title, about }: MeasureInfo): readonly string[] {
  return [
    id,
    title.en,
    title.ja,
    ...(about === null ? [] : [about.definition.en, about.definition.ja, about.source.en, about.source.ja]),
  ]
}

function textsOfTemplate({ series, measure, title, definition }: TemplateInfo): readonly string[] {
  return [series, measure, title.en, title.ja, definition.en, definition.ja]
}

function MeasureRow({ measure }: { measure: MeasureInfo }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const { id, unit, title, about, usual, used } = measure
  return (
    <li>
      <details>
        <summary>
          <b>{format.text(title)}</b>
          <span className="mono dim">{id}</span>
          <span className="label">{t(`series.units.${unit}`)}</span>
          <span className="label grow-end">
            {used.length === 0 ? t('measures.unused') : t('measures.used', { count: used.length })}
          </span>
        </summary>
        {about === null ? null : (
          <dl className="measure-about">
            <dt>{t('measures.definition')}</dt>
            <dd>{format.text(about.definition)}</dd>
            <dt>{t('measures.source')}</dt>
            <dd>{format.text(about.source)}</dd>
            <dt>{t('measures.freshness')}</dt>
            <dd>{format.text(about.freshness)}</dd>
            <dt>{t('measures.proof')}</dt>
            <dd>{format.text(about.proof)}</dd>
            {about.params.map(({ name, meaning }) => (
              <ParamRow key={name} name={name} meaning={format.text(meaning)} />
            ))}
          </dl>
        )}
        {used.length === 0 ? null : (
          <ul className="rows">
            {used.map(({ card, objective, title: promised, value, evidence }) => (
              <li key={`${card} ${objective}`}>
                <Link to="/declarations" search={{ card }}>
                  {format.text(promised)}
                </Link>
                <span className="grow mono dim">{card}</span>
                <span className="num">{value === null ? t('noEvidence') : format.figure(value, unit)}</span>
                <EntryLink index={evidence?.index} />
              </li>
            ))}
          </ul>
        )}
        {usual === null || id === 'events.forbidden-count' ? null : <Code text={objectiveLines(id, title, usual)} />}
      </details>
    </li>
  )
}

function ParamRow({ name, meaning }: { name: string; meaning: string }): ReactNode {
  return (
    <>
      <dt className="mono">{name}</dt>
      <dd>{meaning}</dd>
    </>
  )
}

function TemplateRow({ template, onMake }: { template: TemplateInfo; onMake: () => void }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const may = useMay()
  const { series, unit, title, definition, source, measure, usual, made } = template
  return (
    <li>
      <details>
        <summary>
          <b>{format.text(title)}</b>
          <span className="mono dim">
            {measure} · {series}
          </span>
          <span className="label">{t(`series.units.${unit}`)}</span>
          <span className="label grow-end">{made ? t('measures.made') : t('measures.template')}</span>
        </summary>
        <dl className="measure-about">
          <dt>{t('measures.definition')}</dt>
          <dd>{format.text(definition)}</dd>
          <dt>{t('measures.source')}</dt>
          <dd>{format.text(source)}</dd>
        </dl>
        <Code text={objectiveLines(measure, title, usual)} />
        {made || !may('cards:write') ? null : (
          <button type="button" className="btn sm" onClick={onMake}>
            {t('measures.make')}
          </button>
        )}
      </details>
    </li>
  )
}
