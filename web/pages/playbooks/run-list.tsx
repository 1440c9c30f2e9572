import { useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunSummary } from '../../../src/respond/playbooks/schema.ts'
import { runsQuery } from '../../api/playbooks.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'

const STATES = ['waiting', 'done', 'failed', 'stopped', 'undone'] as const
const GLYPH: Readonly<Record<RunSummary['state'], GlyphState>> = {
  waiting: 'gone',
  done: 'met',
  failed: 'miss',
  stopped: 'risk',
  undoing: 'gone',
  undone: 'met',
}

/** Runs, newest first. */
export function RunList({ onOpen }: { onOpen: (id: string) => void }): ReactNode {
  const { t } = useTranslation('playbooks')
  const { t: common } = useTranslation()
  const { t: sources } = useTranslation('sources')
  const format = useFormat()
  const now = useNow(30)
  const [state, setState] = useState<(typeof STATES)[number] | ''>('')
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    runsQuery({ state: state === '' ? undefined : state }),
  )
  const runs = data?.pages.flatMap((page) => page.runs) ?? []
  return (
    <section className="sheet scroll-x">
      <div className="filters">
        <select
          className="input sm"
          aria-label={t('runState')}
          value={state}
          onChange={(event) => setState(event.target.value as typeof state)}
        >
          <option value="">{t('anyState')}</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`run.${one}`)}
            </option>
          ))}
        </select>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data !== undefined && runs.length === 0 ? <p className="empty">{t('noRuns')}</p> : null}
      {runs.length === 0 ? null : (
        <table className="srcs">
          <thead>
            <tr>
              <th>{t('col.run')}</th>
              <th>{t('col.state')}</th>
              <th>{t('col.about')}</th>
              <th className="x">{t('col.by')}</th>
              <th className="r">{t('col.begun')}</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                <td className="named">
                  <button type="button" className="name" onClick={() => onOpen(run.id)}>
                    <bdi>{format.text(run.playbook.name)}</bdi>
                  </button>
                  <div className="label">
                    {t('version', { version: run.playbook.version })} · {run.simulated ? t('simulated') : t(`mode.${run.mode}`)}
                  </div>
                </td>
                <td>
                  <RunState run={run} />
                </td>
                <td className="named">
                  <bdi className="mono">{run.alert ?? '–'}</bdi>
                </td>
                <td className="x">
                  <bdi>{run.by}</bdi>
                </td>
                <td className="r num">{sources('ago', { age: format.age(run.createdAt, now) })}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {hasNextPage ? (
        <div className="more">
          <DeedButton type="button" className="btn sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {common('more')}
          </DeedButton>
        </div>
      ) : null}
    </section>
  )
}

/** How a run stands, and for what it waits. */
export function RunState({ run }: { run: RunSummary }): ReactNode {
  const { t } = useTranslation('playbooks')
  return (
    <span className="row">
      <StateGlyph state={GLYPH[run.state]} silent />
      {run.state === 'waiting' && run.waitsFor !== null ? t(`waits-for.${run.waitsFor}`) : t(`run.${run.state}`)}
    </span>
  )
}
