import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RulesResponse } from '../../../src/detect/schema.ts'
import { tell } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'

type Refusal = RulesResponse['refused'][number]

/** Rules that count for nothing: not understood, or in quarantine because they used up their time. */
export function RefusedSheet({ response }: { response: RulesResponse }): ReactNode {
  const { t } = useTranslation('rules')
  return (
    <section className="sheet rules-place">
      <div className="panel-h">
        <h2>{t('refused')}</h2>
        <span className="label num">{t('refusedSub', { count: response.refusedTotal })}</span>
      </div>
      <table className="srcs still">
        <tbody>
          {response.refused.map((refusal) => (
            <tr key={`${refusal.file}:${refusal.line}:${refusal.code}:${refusal.quarantine?.rule ?? ''}`}>
              <td className="mono">
                {refusal.file}:{refusal.line}
              </td>
              <td>{refusal.quarantine === undefined ? refusal.reason : <Quarantined quarantine={refusal.quarantine} />}</td>
              <td className="mono dim">{refusal.code}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Quarantined({ quarantine }: { quarantine: NonNullable<Refusal['quarantine']> }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const { rule, title, since, tookMs, budgetMs, events, silenced } = quarantine
  const release = useMutation({
    mutationFn: () => tell('/api/v1/rules/release', { method: 'POST', body: { rule } }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['rules'] }),
  })
  return (
    <>
      <p>{t('quarantine.why', { title, since: format.dateTime(since), tookMs, budgetMs, events })}</p>
      {silenced.length === 0 ? null : <p className="ink2">{t('quarantine.silenced', { list: silenced.join(', ') })}</p>}
      {release.error === null ? null : <ProblemNote error={release.error} />}
      {may('installation') ? (
        <DeedButton type="button" className="btn sm" busy={release.isPending} onClick={() => release.mutate()}>
          {t('quarantine.release')}
        </DeedButton>
      ) : null}
    </>
  )
}
