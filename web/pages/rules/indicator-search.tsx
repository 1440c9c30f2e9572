import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { type IocList, type indicatorSchema, removedSchema } from '../../../src/detect/ioc/schema.ts'
import { call } from '../../api/client.ts'
import { indicatorsQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { DeedsHead } from '../../components/deeds-head.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

/** Which lists hold a value, or values that begin like it. */
export function IndicatorSearch({ lists, mayWrite }: { lists: readonly IocList[]; mayWrite: boolean }): ReactNode {
  const { t } = useTranslation('rules')
  const [typed, setTyped] = useState('')
  const [sought, setSought] = useState<string>()
  const { data, error, isFetching } = useQuery({ ...indicatorsQuery(sought ?? ''), enabled: sought !== undefined })
  return (
    <>
      <search>
        <form
          className="panel-h"
          onSubmit={(event) => {
            event.preventDefault()
            setSought(typed.trim())
          }}
        >
          <input
            className="input mono grow"
            aria-label={t('ioc.search.label')}
            placeholder={t('ioc.search.label')}
            spellCheck={false}
            required
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <DeedButton type="submit" className="btn" busy={isFetching} disabled={typed.trim() === ''}>
            {t('ioc.search.go')}
          </DeedButton>
        </form>
      </search>
      {error === null ? null : <ProblemNote error={error} />}
      {data === undefined ? null : (
        <p className="chart-p dim" role="status">
          {data.indicators.length === 0
            ? t('ioc.search.none')
            : t('ioc.search.found', { count: data.indicators.length, more: data.next === null ? 'no' : 'yes' })}
        </p>
      )}
      {data === undefined || data.indicators.length === 0 ? null : (
        <table className="srcs still">
          <thead>
            <tr>
              <th>{t('ioc.search.value')}</th>
              <th>{t('ioc.col.list')}</th>
              <th className="r">{t('ioc.form.confidence')}</th>
              <th>{t('ioc.search.until')}</th>
              <DeedsHead />
            </tr>
          </thead>
          <tbody>
            {data.indicators.map((indicator) => (
              <IndicatorRow
                key={`${indicator.list} ${indicator.value}`}
                indicator={indicator}
                list={lists.find(({ id }) => id === indicator.list)}
                mayWrite={mayWrite}
              />
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

function IndicatorRow({
  indicator,
  list,
  mayWrite,
}: {
  indicator: z.infer<typeof indicatorSchema>
  list: IocList | undefined
  mayWrite: boolean
}): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const client = useQueryClient()
  const { value } = indicator
  const remove = useMutation({
    mutationFn: () =>
      call(removedSchema, `/api/v1/ioc/lists/${encodeURIComponent(indicator.list)}/remove`, {
        method: 'POST',
        body: { values: [value] },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['rules', 'ioc'] }),
  })
  return (
    <tr className="inert">
      <td className="named">
        <b className="mono">{value}</b>
        <div className="label">
          {t(`ioc.search.kind.${indicator.kind}`)}
          {indicator.note === '' ? null : <> · {indicator.note}</>}
        </div>
        {remove.error === null ? null : <ProblemNote error={remove.error} />}
      </td>
      <td>{list?.name ?? indicator.list}</td>
      <td className="r num">{format.count(indicator.confidence)}</td>
      <td>{indicator.until === null ? t('ioc.search.never') : format.date(indicator.until)}</td>
      <td className="r">
        {mayWrite && list?.kind === 'own' ? (
          <DeedButton type="button" className="btn sm" busy={remove.isPending} onClick={() => remove.mutate()}>
            {t('ioc.search.remove')}
          </DeedButton>
        ) : null}
      </td>
    </tr>
  )
}
