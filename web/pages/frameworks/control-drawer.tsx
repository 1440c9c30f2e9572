import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { FrameworkView, GroundFigure, GroundView } from '../../../src/declare/frameworks/schema.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { ControlMark } from './control-mark.tsx'

type Control = FrameworkView['groups'][number]['controls'][number]

/** What a control rests on: each ground with its figures, down to the card and the ledger entry. */
export function ControlDrawer({ control, view }: { control: Control; view: FrameworkView }): ReactNode {
  const { t } = useTranslation('frameworks')
  const format = useFormat()
  const grounds = control.grounds.flatMap((id) => view.grounds.find((ground) => ground.id === id) ?? [])
  return (
    <section className="drawer control" aria-label={control.id}>
      <div className="dr-h">
        <div className="grow">
          <p className="label num">
            {format.text(view.name)} · {control.id}
          </p>
          <h2>{format.text(control.title)}</h2>
          <p>
            <ControlMark state={control.state} /> <b>{t(`state.${control.state}`)}</b>{' '}
            <span className="ink2">{t(`about.${control.state}`)}</span>
          </p>
        </div>
      </div>
      <div className="dr-b">
        {grounds.map((ground) => (
          <Ground key={ground.id} ground={ground} />
        ))}
        <p className="label">{t('judged', { at: format.minute(view.at) })}</p>
      </div>
    </section>
  )
}

function Ground({ ground }: { ground: GroundView }): ReactNode {
  const { t } = useTranslation('frameworks')
  const format = useFormat()
  return (
    <section className="sec">
      <h3>
        <ControlMark state={ground.state} /> {format.text(ground.title)} <span className="label">{t(`kind.${ground.kind}`)}</span>
      </h3>
      {ground.reason === null ? null : <p className="ink2">{format.text(ground.reason)}</p>}
      {ground.figures.length === 0 ? null : (
        <ul className="rows">
          {ground.figures.map((figure) => (
            <li key={`${figure.title.en} ${JSON.stringify(figure.link)}`}>
              <ControlMark state={figure.state} />
              <span className="grow">
                <FigureLink figure={figure} />
                {figure.reason === null ? null : <span className="block label">{format.text(figure.reason)}</span>}
              </span>
              <span className="num nw">
                {figure.figure === null ? t('noFigure') : format.text(figure.figure)}
                {figure.target === null ? null : <span className="block label">{format.text(figure.target)}</span>}
              </span>
              {figure.evidence === null ? null : <EntryLink index={figure.evidence.index} />}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** A link only to a page that opens to whoever looks. */
function FigureLink({ figure }: { figure: GroundFigure }): ReactNode {
  const format = useFormat()
  const may = useMay()
  const title = format.text(figure.title)
  const { link } = figure
  if (link.to === 'card')
    return (
      <Link to="/declarations" search={{ card: link.card }}>
        {title}
      </Link>
    )
  if (link.to === 'coverage')
    return may('rules:read') ? (
      <Link className="mono" to="/rules" search={{ technique: link.technique }}>
        {title}
      </Link>
    ) : (
      <span className="mono">{title}</span>
    )
  if (link.page === 'evidence' && may('ledger:read')) return <Link to="/evidence">{title}</Link>
  if (link.page === 'declarations') return <Link to="/declarations">{title}</Link>
  if (link.page === 'assets' && may('assets:read')) return <Link to="/assets">{title}</Link>
  if (link.page === 'access' && may('access:read')) return <Link to="/settings/people">{title}</Link>
  return title
}
