import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SourceDetail } from '../../../src/collect/schema.ts'
import { isZone } from '../../../src/kernel/zone.ts'
import { tell } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'

/** The time zone of lines that carry none. */
export function ZoneField({ source }: { source: SourceDetail }): ReactNode {
  const { t } = useTranslation('completeness')
  const client = useQueryClient()
  const may = useMay()
  const [typed, setTyped] = useState(source.zone)
  const save = useMutation({
    mutationFn: (zone: string) => tell(`/api/v1/sources/${encodeURIComponent(source.id)}`, { method: 'PATCH', body: { zone } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sources'] }),
  })
  const zone = typed.trim()
  const valid = zone === '' || isZone(zone)
  return (
    <div className="sec">
      <h3>
        {t('zone.title')}
        <span className="label">{t('zone.label')}</span>
      </h3>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          if (valid) save.mutate(zone)
        }}
      >
        <input
          className="input mono"
          list="zones"
          value={typed}
          placeholder={t('zone.none')}
          aria-label={t('zone.title')}
          aria-invalid={!valid}
          disabled={!may('sources:write')}
          onChange={(event) => setTyped(event.target.value)}
        />
        <datalist id="zones">
          {Intl.supportedValuesOf('timeZone').map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {may('sources:write') && zone !== source.zone ? (
          <DeedButton type="submit" className="btn sm" busy={save.isPending} disabled={!valid}>
            {t('zone.save')}
          </DeedButton>
        ) : null}
        {valid ? null : <span className="label bad">{t('zone.wrong')}</span>}
      </form>
      {save.error === null ? null : <ProblemNote error={save.error} />}
    </div>
  )
}
