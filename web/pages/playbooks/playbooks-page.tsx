import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { haltView, type PlaybookSummary } from '../../../src/respond/playbooks/schema.ts'
import { call } from '../../api/client.ts'
import { inboxQuery, playbooksQuery } from '../../api/playbooks.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { Editor } from './editor.tsx'
import { Guards } from './guards.tsx'
import { InboxList } from './inbox.tsx'
import { PlaybookDrawer } from './playbook-drawer.tsx'
import { RunDrawer } from './run-drawer.tsx'
import { RunList } from './run-list.tsx'

const route = getRouteApi('/house/playbooks')
const VIEWS = ['playbooks', 'inbox', 'runs', 'guards'] as const

/** Playbooks: what there is, what waits for a person, what ran and can be taken back, and what is never touched. */
export function PlaybooksPage(): ReactNode {
  const { t } = useTranslation('playbooks')
  const { t: common } = useTranslation()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/playbooks' })
  const may = useMay()
  const { data, error, refetch } = useQuery(playbooksQuery)
  const waiting = useQuery(inboxQuery)
  const go = (change: Partial<typeof search>): void =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  const view = search.view ?? 'playbooks'
  const count = (waiting.data?.versions.length ?? 0) + (waiting.data?.steps.length ?? 0)
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.playbooks')}</h1>
          <p>{t('lead')}</p>
        </div>
        {may('playbooks:write') ? (
          <button type="button" className="btn" onClick={() => go({ edit: 'new' })}>
            {t('new')}
          </button>
        ) : null}
        {data !== undefined && may('playbooks:run') ? <KillSwitch halted={data.halt.halted} /> : null}
      </div>
      {data?.halt.halted === true ? <Halted by={data.halt.by} since={data.halt.since} /> : null}
      <div className="filters">
        <Segmented
          label={t('view.label')}
          value={view}
          choices={VIEWS.map((value) => ({ value, label: value === 'inbox' ? t('view.inbox', { count }) : t(`view.${value}`) }))}
          onChange={(value) => go({ view: value })}
        />
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {view === 'playbooks' && data !== undefined ? (
        <List playbooks={data.playbooks} onOpen={(id) => go({ playbook: id })} />
      ) : null}
      {view === 'inbox' ? <InboxList onRun={(run) => go({ run })} onPlaybook={(playbook) => go({ playbook })} /> : null}
      {view === 'runs' ? <RunList onOpen={(run) => go({ run })} /> : null}
      {view === 'guards' ? <Guards /> : null}
      {search.playbook === undefined || search.edit !== undefined ? null : (
        <PlaybookDrawer
          key={search.playbook}
          id={search.playbook}
          onEdit={() => go({ edit: search.playbook })}
          onRun={(run) => go({ run, playbook: undefined, view: 'runs' })}
          onClose={() => go({ playbook: undefined })}
        />
      )}
      {search.run === undefined ? null : <RunDrawer key={search.run} id={search.run} onClose={() => go({ run: undefined })} />}
      {search.edit === undefined ? null : (
        <Editor
          key={search.edit}
          id={search.edit === 'new' ? undefined : search.edit}
          onSaved={(playbook) => go({ edit: undefined, playbook })}
          onClose={() => go({ edit: undefined })}
        />
      )}
    </main>
  )
}

function KillSwitch({ halted }: { halted: boolean }): ReactNode {
  const { t } = useTranslation('playbooks')
  const client = useQueryClient()
  const halt = useMutation({
    mutationFn: () => call(haltView, '/api/v1/respond/halt', { method: 'POST', body: { halt: !halted } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['playbooks'] }),
  })
  return (
    <>
      <SureButton
        size="md"
        label={halted ? t('release') : t('halt')}
        sure={halted ? t('releaseSure') : t('haltSure')}
        yes={halted ? t('release') : t('haltYes')}
        pending={halt.isPending}
        onSure={() => halt.mutate()}
      />
      {halt.error === null ? null : <ProblemNote error={halt.error} />}
    </>
  )
}

function Halted({ by, since }: { by: string | null; since: string | null }): ReactNode {
  const { t } = useTranslation('playbooks')
  const format = useFormat()
  return (
    <p className="pb-halted" role="status">
      <b>{t('halted')}</b> {t('haltedBy', { by: by ?? '', when: since === null ? '' : format.dateTime(since) })}
    </p>
  )
}

function List({ playbooks, onOpen }: { playbooks: readonly PlaybookSummary[]; onOpen: (id: string) => void }): ReactNode {
  const { t } = useTranslation('playbooks')
  const { t: sources } = useTranslation('sources')
  const format = useFormat()
  const now = useNow(60)
  if (playbooks.length === 0)
    return (
      <section className="sheet empty">
        <h2>{t('noneTitle')}</h2>
        <p>{t('noneText')}</p>
      </section>
    )
  return (
    <section className="sheet scroll-x">
      <table className="srcs">
        <thead>
          <tr>
            <th>{t('col.name')}</th>
            <th>{t('col.state')}</th>
            <th>{t('col.begins')}</th>
            <th className="r">{t('col.waiting')}</th>
            <th className="r x">{t('col.done')}</th>
            <th className="r x">{t('col.failed')}</th>
            <th className="r x">{t('col.last')}</th>
          </tr>
        </thead>
        <tbody>
          {playbooks.map((one) => (
            <tr key={one.id}>
              <td className="named">
                <button type="button" className="name" onClick={() => onOpen(one.id)}>
                  <bdi>{format.text(one.name)}</bdi>
                </button>
                <div className="label mono">{one.id}</div>
              </td>
              <td>
                <span className="chips">
                  <span className={`chip${one.enabled && one.mode === 'real' ? ' fired' : ''}`}>
                    {one.enabled ? t(`mode.${one.mode}`) : t('off')}
                  </span>
                  {one.waiting && (one.enabled || one.latest > 1) ? <span className="chip">{t('waits')}</span> : null}
                </span>
              </td>
              <td>{one.triggered ? t('byAlert') : t('byHand')}</td>
              <td className="r num">{format.count(one.runs.waiting ?? 0)}</td>
              <td className="r num x">{format.count((one.runs.done ?? 0) + (one.runs.undone ?? 0))}</td>
              <td className="r num x">{format.count((one.runs.failed ?? 0) + (one.runs.stopped ?? 0))}</td>
              <td className="r num x">
                {one.lastRunAt === null ? '–' : sources('ago', { age: format.age(one.lastRunAt, now) })}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
