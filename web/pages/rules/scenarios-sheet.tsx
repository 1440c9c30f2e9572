import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type PROOF_STATES, type ScenarioRow, selftestReport } from '../../../src/detect/scenarios/schema.ts'
import { call } from '../../api/client.ts'
import { scenariosQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote, useProblemText } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { glyphOfProof } from './proof-glyph.ts'

const SHOWN = 12
/** Those that need a person first. */
const ORDER = ['failed', 'unknown', 'stale', 'never', 'passed'] as const satisfies readonly (typeof PROOF_STATES)[number][]

/** Names that are the same in every language. */
const PLATFORM: Readonly<Partial<Record<ScenarioRow['platform'], string>>> = {
  linux: 'Linux',
  windows: 'Windows',
  web: 'Web',
  dns: 'DNS',
  aws: 'AWS',
  azure: 'Azure',
  gcp: 'Google Cloud',
  kubernetes: 'Kubernetes',
}

/** Scenarios behind the matrix: what was executed, when, and what was missed; those of one technique where one is chosen. */
export function ScenariosSheet({ technique }: { technique: string | undefined }): ReactNode {
  const { t } = useTranslation('rules')
  const { t: common } = useTranslation()
  const format = useFormat()
  const now = useNow(60)
  const [all, setAll] = useState(false)
  const { data, error, refetch } = useQuery(scenariosQuery)
  if (error !== null) return <ProblemNote error={error} retry={() => void refetch()} />
  if (data === undefined) return null
  const found = data.scenarios
    .filter(
      ({ techniques }) => technique === undefined || techniques.some((id) => id === technique || id.startsWith(`${technique}.`)),
    )
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.id.localeCompare(b.id))
  const passed = found.filter(({ state }) => state === 'passed').length
  const shown = all || technique !== undefined ? found : found.slice(0, SHOWN)
  return (
    <section className="sheet rules-place">
      <div className="panel-h">
        <h2>{t('scenarios')}</h2>
        <span className="label num">{t('scenario.sum', { passed, count: found.length })}</span>
        <span className="label end num">
          {data.lastRun === null ? t('scenario.notYet') : t('scenario.lastAll', { age: format.age(data.lastRun, now) })}
          {data.nextRun === null ? '' : ` · ${t('scenario.next', { at: format.dateTime(data.nextRun) })}`}
        </span>
        <ExecuteAll />
      </div>
      <table className="srcs still">
        <tbody>
          {shown.map((scenario) => (
            <Row key={scenario.id} scenario={scenario} now={now} />
          ))}
        </tbody>
      </table>
      {shown.length === found.length ? null : (
        <div className="more">
          <button type="button" className="btn sm" onClick={() => setAll(true)}>
            {common('more')}
          </button>
        </div>
      )}
      {data.refused.map(({ file, reason }) => (
        <p className="chart-p mono" key={file}>
          {file}: {reason}
        </p>
      ))}
    </section>
  )
}

function Row({ scenario, now }: { scenario: ScenarioRow; now: number }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  return (
    <tr>
      <td className="nw">
        <StateGlyph state={glyphOfProof(scenario.state)} silent /> {t(`proof.${scenario.state}`)}
      </td>
      <td>
        <Link className="name" to="/rules" search={(before) => ({ ...before, scenario: scenario.id })} resetScroll={false}>
          {format.text(scenario.title)}
        </Link>
      </td>
      <td className="x dim">{PLATFORM[scenario.platform] ?? t('network')}</td>
      <td className="mono dim">{scenario.techniques.join(' ')}</td>
      <td className="r num">
        {scenario.last === null ? (
          <span className="dim">{t('never')}</span>
        ) : (
          t('ago', { age: format.age(scenario.last.at, now) })
        )}
      </td>
      <td className="r x">{scenario.last === null ? null : <EntryLink index={scenario.ledgerIndex} />}</td>
    </tr>
  )
}

function ExecuteAll(): ReactNode {
  const { t } = useTranslation('rules')
  const may = useMay()
  const client = useQueryClient()
  const notice = useNotice()
  const problemText = useProblemText()
  const execute = useMutation({
    mutationFn: () => call(selftestReport, '/api/v1/selftest', { method: 'POST', body: {} }),
    onSuccess: ({ totals, seconds }) => {
      notice({ text: t('scenario.done', { ...totals, seconds: Math.round(seconds) }) })
      void client.invalidateQueries({ queryKey: ['rules'] })
      void client.invalidateQueries({ queryKey: ['alerts', 'coverage'] })
    },
    onError: (error) => notice({ text: problemText(error), sticky: true }),
  })
  if (!may('sources:write')) return null
  return (
    <DeedButton type="button" className="btn sm" busy={execute.isPending} onClick={() => execute.mutate()}>
      {t(execute.isPending ? 'scenario.running' : 'scenario.executeAll')}
    </DeedButton>
  )
}
