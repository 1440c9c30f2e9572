import { type ReactNode, useId } from 'react'

/** One matter on a settings page: its name, a sentence, what is so now, and what can be done. */
export function Panel({
  title,
  text,
  end,
  children,
}: {
  title: string
  text?: string
  end?: ReactNode
  children?: ReactNode
}): ReactNode {
  const id = useId()
  return (
    <section className="sheet" aria-labelledby={id}>
      <div className="panel-h">
        <h2 id={id}>{title}</h2>
        {end === undefined ? null : <span className="end">{end}</span>}
      </div>
      <div className="chart-p stack">
        {text === undefined ? null : <p className="ink2">{text}</p>}
        {children}
      </div>
    </section>
  )
}
