import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ControlState, FrameworkView } from '../../../src/declare/frameworks/schema.ts'
import { frameworkQuery, frameworksQuery } from '../../api/queries.ts'
import { withScope } from '../../api/scope.ts'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ControlDrawer } from './control-drawer.tsx'
import { ControlMark } from './control-mark.tsx'
import { FrameworkTiles } from './framework-tiles.tsx'

const route = getRouteApi('/house/frameworks')
const SHOWN = ['all', 'proven', 'at-risk', 'not-proven', 'not-covered'] as const

/** What an auditor asks by: every control of a framework, and the figures that prove it, or that none does. */
export function FrameworksPage(): ReactNode {
  const { t } = useTranslation('frameworks')
  const { t: common } = useTranslation()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/frameworks' })
  const all = useQuery(frameworksQuery)
  const chosen = search.framework ?? all.data?.frameworks[0]?.id
  const one = useQuery({ ...frameworkQuery(chosen ?? ''), enabled: chosen !== undefined })
  const shown = search.show ?? 'all'
  const controls = (one.data?.groups ?? []).flatMap((group) => group.controls).filter(({ state }) => isShown(state, shown))
  const open = controls.find(({ id }) => id === search.control) ?? controls.find(({ grounds }) => grounds.length > 0)
  const show = (control: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, control }), replace: true, resetScroll: false })
  const move = (by: number): void => {
    const at = controls.findIndex(({ id }) => id === open?.id)
    show(controls[Math.min(controls.length - 1, Math.max(0, at + by))]?.id)
  }
  useKeys({ j: () => move(1), k: () => move(-1) })
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.frameworks')}</h1>
          <p>{t('lead')}</p>
        </div>
        {chosen === undefined ? null : (
          <a className="btn" href={withScope(`/api/v1/frameworks/${encodeURIComponent(chosen)}/oscal`)} download>
            <Icon name="download" />
            {t('oscal')}
          </a>
        )}
        <a className="btn" href={withScope('/api/v1/openslo')} download>
          <Icon name="download" />
          {t('openslo')}
        </a>
      </div>
      {all.error === null ? null : <ProblemNote error={all.error} retry={() => void all.refetch()} />}
      {all.data === undefined ? null : (
        <FrameworkTiles
          frameworks={all.data.frameworks}
          chosen={chosen}
          onChoose={(framework) =>
            void navigate({ search: (before) => ({ ...before, framework, control: undefined }), replace: true })
          }
        />
      )}
      {one.error === null ? null : <ProblemNote error={one.error} retry={() => void one.refetch()} />}
      {one.data === undefined ? null : (
        <div className="judged-by">
          <section className="sheet">
            <div className="panel-h list-h">
              <Segmented
                label={t('show')}
                value={shown}
                choices={SHOWN.map((value) => ({ value, label: t(`state.${value}`) }))}
                onChange={(value) =>
                  void navigate({ search: (before) => ({ ...before, show: value === 'all' ? undefined : value }), replace: true })
                }
              />
              <span className="label end num">{t('count', { count: controls.length })}</span>
            </div>
            <Controls view={one.data} shown={shown} open={open?.id} onShow={show} />
          </section>
          {open === undefined ? (
            <section className="sheet log empty">
              <h2>{t('none')}</h2>
            </section>
          ) : (
            <ControlDrawer control={open} view={one.data} />
          )}
        </div>
      )}
    </main>
  )
}

function isShown(state: ControlState, shown: (typeof SHOWN)[number]): boolean {
  return shown === 'all' || state === shown
}

function Controls({
  view,
  shown,
  open,
  onShow,
}: {
  view: FrameworkView
  shown: (typeof SHOWN)[number]
  open: string | undefined
  onShow: (control: string) => void
}): ReactNode {
  const format = useFormat()
  return (
    <table className="figs controls">
      {view.groups.map((group) => {
        const rows = group.controls.filter(({ state }) => isShown(state, shown))
        return rows.length === 0 ? null : (
          <tbody key={group.id}>
            <tr className="group">
              <th colSpan={3} scope="rowgroup">
                <span className="num">{group.id}</span> {format.text(group.title)}
              </th>
            </tr>
            {rows.map((control) => (
              <tr key={control.id} aria-selected={control.id === open} onClick={() => onShow(control.id)}>
                <td>
                  <ControlMark state={control.state} />
                </td>
                <td className="num nw">
                  <button type="button" className="link" onClick={() => onShow(control.id)}>
                    {control.id}
                  </button>
                </td>
                <td className={control.state === 'not-covered' ? 'dim' : ''}>{format.text(control.title)}</td>
              </tr>
            ))}
          </tbody>
        )
      })}
    </table>
  )
}
