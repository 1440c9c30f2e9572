import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { componentsQuery } from '../../api/house-queries.ts'
import { ProblemNote } from '../../components/problem-note.tsx'

/** “Where is log4j-core before 2.17?”, answered over every asset at once, also where no advisory speaks of it yet. */
export function WhereIs({
  name,
  range,
  onAsk,
}: {
  name: string
  range: string
  onAsk: (name: string, range: string) => void
}): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const [part, setPart] = useState(name)
  const [within, setWithin] = useState(range)
  const found = useQuery({ ...componentsQuery({ name, range: range === '' ? undefined : range }), enabled: name.length >= 2 })
  return (
    <section className="sheet rules-place">
      <div className="panel-h">
        <h2>{t('where.title')}</h2>
        <span className="label">{t('where.lead')}</span>
      </div>
      <form
        className="row ask chart-p"
        onSubmit={(event) => {
          event.preventDefault()
          onAsk(part.trim(), within.trim())
        }}
      >
        <label className="field grow">
          <span>{t('where.name')}</span>
          <input
            className="input mono"
            required
            minLength={2}
            maxLength={300}
            placeholder="log4j-core"
            value={part}
            onChange={(event) => {
              // Blanks around it do not count.
              const { value } = event.target
              event.target.setCustomValidity(value.length >= 2 && value.trim().length < 2 ? t('where.short') : '')
              setPart(value)
            }}
          />
        </label>
        <label className="field grow">
          <span>{t('where.range')}</span>
          <input
            className="input mono"
            maxLength={500}
            placeholder="<2.17.0"
            value={within}
            onChange={(event) => setWithin(event.target.value)}
          />
        </label>
        <button type="submit" className="btn ink">
          {t('where.ask')}
        </button>
      </form>
      {found.error === null ? null : (
        <div className="chart-p note-place">
          <ProblemNote error={found.error} />
        </div>
      )}
      {found.data === undefined ? null : (
        <>
          <p className="chart-p" role="status">
            {found.data.total === 0 && !found.data.complete ? null : (
              <b>{t('where.found', { count: found.data.total, assets: found.data.assets })}</b>
            )}{' '}
            {found.data.unjudged === 0 ? null : t('where.unjudged', { count: found.data.unjudged })}{' '}
            {found.data.complete ? null : t('where.cut')}
          </p>
          <ul className="rows chart-p">
            {found.data.items.map((one) => (
              <li key={`${one.asset} ${one.source} ${one.place} ${one.purl ?? one.name} ${one.version}`}>
                <span className="grow">
                  <bdi>{one.name}</bdi> <b className="num">{one.version ?? '–'}</b>
                </span>
                <span>
                  <bdi>{one.asset}</bdi> <span className="label">{one.place === '' ? one.source : one.place}</span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
