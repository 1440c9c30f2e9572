import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphReply } from '../../../src/respond/incidents/schema.ts'
import { incidentGraphQuery } from '../../api/incidents.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { Panel } from '../settings/panel.tsx'

const ROW = 30
const WIDTH = 760
const LEFT = 330
const RIGHT = 430
const MOST_LETTERS = 46

/** Alerts on the left, whom and what they name on the right; a thicker line is more events. */
export function IncidentGraph({ id }: { id: string }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const { data, error, refetch } = useQuery(incidentGraphQuery(id))
  return (
    <Panel title={t('graph.title')} text={t('graph.text')}>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="dim">{common('loading')}</p> : null}
      {data === undefined ? null : data.nodes.length === 0 ? <p className="dim">{t('graph.none')}</p> : <Drawing graph={data} />}
      {data === undefined || data.hidden === 0 ? null : <p className="label">{t('graph.hidden', { count: data.hidden })}</p>}
    </Panel>
  )
}

function Drawing({ graph }: { graph: GraphReply }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const alerts = graph.nodes.filter(({ kind }) => kind === 'alert')
  const kinds = ['user', 'host', 'address', 'domain', 'file', 'other']
  const others = graph.nodes
    .filter(({ kind }) => kind !== 'alert')
    .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || b.count - a.count)
  const height = Math.max(alerts.length, others.length) * ROW + 10
  const place = new Map([...spread(alerts, height), ...spread(others, height)])
  const short = (text: string): string => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text)
  const name = (node: GraphReply['nodes'][number]): string => format.text(node.label)
  return (
    <>
      <svg className="inc-graph" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={t('graph.title')}>
        {graph.edges.map(({ from, to, count }) => {
          const [a, b] = [place.get(from) ?? 0, place.get(to) ?? 0]
          return (
            <path
              key={`${from}\n${to}`}
              className="edge"
              d={`M${LEFT + 8} ${a}C${LEFT + 50} ${a} ${RIGHT - 50} ${b} ${RIGHT - 8} ${b}`}
              strokeWidth={Math.min(4, 1 + Math.log2(count))}
            />
          )
        })}
        {alerts.map((node) => (
          <g key={node.id}>
            <rect className="node-a" x={LEFT - 4} y={(place.get(node.id) ?? 0) - 5} width="10" height="10" rx="2" />
            <text x={LEFT - 12} y={(place.get(node.id) ?? 0) + 4} textAnchor="end">
              {short(name(node))}
            </text>
          </g>
        ))}
        {others.map((node) => (
          <g key={node.id}>
            <circle className="node-e" cx={RIGHT} cy={place.get(node.id) ?? 0} r="5" />
            <text x={RIGHT + 12} y={(place.get(node.id) ?? 0) + 4}>
              {short(name(node))} <tspan className="kind-t">{t(`entity.${node.kind as 'host'}`)}</tspan>
            </text>
          </g>
        ))}
      </svg>
      <details>
        <summary className="label">{t('graph.table')}</summary>
        <table className="srcs">
          <tbody>
            {graph.edges.map(({ from, to, count }) => (
              <tr key={`${from}\n${to}`} className="inert">
                <td>{labelOf(graph, from, name)}</td>
                <td className="mono">{labelOf(graph, to, name)}</td>
                <td className="r num">{format.count(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  )
}

function labelOf(graph: GraphReply, id: string, name: (node: GraphReply['nodes'][number]) => string): string {
  const node = graph.nodes.find((one) => one.id === id)
  return node === undefined ? '' : name(node)
}

function spread(nodes: GraphReply['nodes'], height: number): readonly (readonly [string, number])[] {
  const step = height / (nodes.length + 1)
  return nodes.map(({ id }, index) => [id, Math.round(step * (index + 1))])
}
