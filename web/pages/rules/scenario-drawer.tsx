import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type ScenarioDetail, type ScenarioRun, selftestReport } from '../../../src/detect/scenarios/schema.ts'
import { call } from '../../api/client.ts'
import { scenarioQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { SourceText } from '../../components/source-text.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { glyphOfProof } from './proof-glyph.ts'

/** One scenario: what the last execution gave, what was sent, and how it went before. */
export function ScenarioDrawer({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation('rules')
  const { t: common } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const { data: scenario, error, refetch } = useQuery(scenarioQuery(id))
  const execute = useMutation({
    mutationFn: () => call(selftestReport, '/api/v1/selftest', { method: 'POST', body: { scenarios: [id] } }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['rules'] })
      void client.invalidateQueries({ queryKey: ['alerts', 'coverage'] })
    },
  })
  const title = scenario === undefined ? id : format.text(scenario.title)
  return (
    <Dialog label={title} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{title}</h2>
          <p className="label mono">{id}</p>
        </div>
        {may('sources:write') ? (
          <DeedButton type="button" className="btn sm" busy={execute.isPending} onClick={() => execute.mutate()}>
            {t(execute.isPending ? 'scenario.running' : 'scenario.execute')}
          </DeedButton>
        ) : null}
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {execute.error === null ? null : <ProblemNote error={execute.error} />}
        {scenario === undefined ? null : <Opened scenario={scenario} />}
      </div>
    </Dialog>
  )
}

function Opened({ scenario }: { scenario: ScenarioDetail }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const { last } = scenario
  return (
    <>
      <div className="sec row">
        <StateGlyph state={glyphOfProof(scenario.state)} silent />
        <b>{t(`proof.${scenario.state}`)}</b>
        <span className="mono dim">{scenario.techniques.join(' ')}</span>
        <span className="end">{last === null ? null : <EntryLink index={scenario.ledgerIndex} />}</span>
      </div>
      {last === null ? <p className="sec dim">{t('scenario.notYet')}</p> : <Gave run={last} scenario={scenario} />}
      <div className="sec">
        <h3>{t('scenario.wire')}</h3>
        <ul className="bullets">
          {scenario.wires.map(({ id, name, reference }) => (
            <li key={id}>
              <a href={reference} rel="noreferrer" target="_blank">
                {format.text(name)}
              </a>
            </li>
          ))}
        </ul>
      </div>
      <div className="sec">
        <h3>{t('scenario.sent')}</h3>
        <SourceText text={scenario.text} label={t('scenario.sent')} />
      </div>
      {scenario.runs.length === 0 ? null : (
        <div className="sec">
          <h3>{t('scenario.before')}</h3>
          <table className="srcs still">
            <tbody>
              {scenario.runs.map((run) => (
                <tr key={run.run}>
                  <td>
                    <StateGlyph state={glyphOfProof(run.result)} silent /> {t(`proof.${run.result}`)}
                  </td>
                  <td className="r num">{format.dateTime(run.at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function Gave({ run, scenario }: { run: ScenarioRun; scenario: ScenarioDetail }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  return (
    <div className="sec">
      <p className="label">{t('scenario.lastRun', { at: format.dateTime(run.at), count: run.records })}</p>
      <ul className="bullets">
        {run.alerts.map((alert) => (
          <li key={alert.alert}>
            {t('scenario.alerted')}{' '}
            <Link to="/rules" search={(before) => ({ ...before, scenario: undefined, rule: alert.rule })}>
              {format.text({ en: alert.title, ja: alert.titleJa })}
            </Link>
          </li>
        ))}
        {run.silent.map((rule) => (
          <li key={rule}>{t('scenario.silent', { rule })}</li>
        ))}
        {run.notLoaded.map((rule) => (
          <li key={rule}>{t('scenario.notLoaded', { rule })}</li>
        ))}
        {scenario.nearMisses.map((title, at) => (
          <li key={title.en}>
            {t(run.loud.some(({ nearMiss }) => nearMiss === at) ? 'scenario.loud' : 'scenario.quiet', {
              title: format.text(title),
            })}
          </li>
        ))}
        {run.reason === null ? null : <li>{run.reason}</li>}
      </ul>
    </div>
  )
}
