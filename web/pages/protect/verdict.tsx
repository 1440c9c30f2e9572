import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { verdictSchema, WAF_VERDICTS, type WafVerdict } from '../../../src/protect/schema.ts'
import { call } from '../../api/client.ts'
import { wafVerdictQuery } from '../../api/protect-tuning.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'

/** What a person found the request to be: the share of mistakes is a measure. */
export function Verdict({ reference }: { reference: string }): ReactNode {
  const { t } = useTranslation('protect')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const query = wafVerdictQuery(reference)
  const found = useQuery(query)
  const judge = useMutation({
    mutationFn: (verdict: WafVerdict) =>
      call(verdictSchema, `/api/v1/waf/verdicts/${reference}`, { method: 'PUT', body: { verdict } }),
    onSuccess: (given) => client.setQueryData(query.queryKey, given),
  })
  const { verdict = null, by = null, at = null } = found.data ?? {}
  return (
    <section aria-label={t('verdict')}>
      <h3>{t('verdict')}</h3>
      {may('alerts:write') ? (
        <div className="row">
          {WAF_VERDICTS.map((each) => (
            <DeedButton
              key={each}
              type="button"
              className="btn sm"
              aria-pressed={verdict === each}
              busy={judge.isPending}
              onClick={() => judge.mutate(each)}
            >
              {t(`verdicts.${each}`)}
            </DeedButton>
          ))}
        </div>
      ) : null}
      {verdict === null || by === null || at === null ? (
        <p className="ink2">{t('notJudged')}</p>
      ) : (
        <p className="ink2">{t('judgedBy', { verdict: t(`verdicts.${verdict}`), by, when: format.dateTime(at) })}</p>
      )}
      {judge.error === null ? null : <ProblemNote error={judge.error} />}
    </section>
  )
}
