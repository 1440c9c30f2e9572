import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { QUERY_TABLES, type QueryTable } from '../../../src/hosts/schema.ts'
import { askHost } from '../../api/hosts.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { ScrollArea } from '../../components/scroll-area.tsx'
import { useMay } from '../../components/session.ts'

const answerSchema = z.object({
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  matching: z.number(),
})

/** A read-only question to the host. */
export function LiveQuery({ agent }: { agent: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const may = useMay()
  const [table, setTable] = useState<QueryTable>('processes')
  const [match, setMatch] = useState('')
  const [path, setPath] = useState('/etc')
  const onPath = table === 'files' || table === 'file'
  const ask = useMutation({
    mutationFn: () => askHost(agent, { table, ...(match === '' ? {} : { match }), ...(onPath ? { path } : {}) }),
  })
  if (!may('agents:respond')) return null
  const answer = answerSchema.safeParse(ask.data?.receipt?.detail).data
  const columns = Object.keys(answer?.rows[0] ?? {})
  return (
    <>
      <h3>{t('query.title')}</h3>
      <p className="ink2">{t('query.text')}</p>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault()
          ask.mutate()
        }}
      >
        <label className="field">
          <span>{t('query.table')}</span>
          <select className="input" value={table} onChange={(event) => setTable(event.target.value as QueryTable)}>
            {QUERY_TABLES.map((one) => (
              <option key={one} value={one}>
                {t(`query.of.${one}`)}
              </option>
            ))}
          </select>
        </label>
        {onPath ? (
          <label className="field">
            <span>{t('query.path')}</span>
            <input className="input mono" required pattern="/.+" value={path} onChange={(event) => setPath(event.target.value)} />
          </label>
        ) : null}
        <label className="field">
          <span>{t('query.match')}</span>
          <input className="input" maxLength={200} value={match} onChange={(event) => setMatch(event.target.value)} />
        </label>
        <DeedButton type="submit" className="btn" busy={ask.isPending}>
          {t('query.ask')}
        </DeedButton>
      </form>
      {ask.error === null ? null : <ProblemNote error={ask.error} />}
      {ask.data?.failed == null ? null : <ProblemNote error={new Error(ask.data.failed)} />}
      {ask.data !== undefined && answer === undefined && ask.data.failed === null ? (
        <p role="status">{t('query.silent')}</p>
      ) : null}
      {answer === undefined ? null : (
        <>
          <p className="label" role="status">
            {t('query.rows', { shown: answer.rows.length, all: answer.matching })}
          </p>
          <ScrollArea label={t('query.title')}>
            <table className="hashes">
              <thead>
                <tr>
                  {columns.map((column) => (
                    <th key={column}>{column}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {answer.rows.map((row) => (
                  <tr key={JSON.stringify(row)}>
                    {columns.map((column) => (
                      <td key={column}>
                        <bdi>{String(row[column] ?? '')}</bdi>
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollArea>
        </>
      )}
    </>
  )
}
