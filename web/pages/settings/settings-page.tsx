import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../../api/problem.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { SECTIONS } from './sections.ts'

const GROUPS = ['own', 'access', 'installation'] as const

/** The frame of every settings page: a side list of those that this person may open, and the page. */
export function SettingsPage(): ReactNode {
  const { t } = useTranslation('settings')
  const may = useMay()
  const pathname = useRouterState({ select: (state) => state.location.pathname })
  const here = SECTIONS.find((section) => pathname.startsWith(section.to))
  const open = SECTIONS.filter((section) => may(section.permission))
  const refused = here !== undefined && !may(here.permission)
  return (
    <div className="settings">
      <nav className="side" aria-label={t('sections')}>
        {GROUPS.map((group) => {
          const sections = open.filter((section) => section.group === group)
          return sections.length === 0 ? null : (
            <ul key={group}>
              {sections.map((section) => (
                <li key={section.id}>
                  <Link to={section.to} aria-current={here === section ? 'page' : undefined}>
                    {t(`section.${section.id}`)}
                  </Link>
                </li>
              ))}
            </ul>
          )
        })}
      </nav>
      <main className="main" id="main">
        {refused ? <ProblemNote error={new Problem(403, { code: 'forbidden', detail: here.permission })} /> : <Outlet />}
      </main>
    </div>
  )
}

/** The head of a settings page: what it is, one sentence, and what can be done here. */
export function SettingsHead({ title, lead, children }: { title: string; lead: string; children?: ReactNode }): ReactNode {
  return (
    <div className="head">
      <div className="grow">
        <h1>{title}</h1>
        <p>{lead}</p>
      </div>
      {children}
    </div>
  )
}
