import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { proposeResponse } from '../../../src/declare/schema.ts'
import { call } from '../../api/client.ts'
import { cardSourceQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { ChangeList } from './change-list.tsx'

/** A card as YAML: checked first, its differences shown, then stored as a version that waits for signatures. */
export function Propose({
  card,
  onClose,
}: {
  /** A new version of this card: begins with how it stands. */
  card: string | undefined
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('declarations')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [written, setYaml] = useState<string>()
  const before = useQuery({ ...cardSourceQuery(card ?? ''), enabled: card !== undefined })
  const yaml = written ?? before.data ?? ''
  const title = card === undefined ? t('new') : t('details.rewrite')
  const propose = useMutation({
    mutationFn: (dryRun: boolean) => call(proposeResponse, '/api/v1/cards', { method: 'POST', body: { yaml, dryRun } }),
    onSuccess: (reply) => {
      if (!reply.stored) return
      void client.invalidateQueries({ queryKey: ['cards'] })
      onClose()
      void navigate({ to: '/declarations', search: { card: reply.id } })
    },
  })
  const checked = propose.data
  return (
    <Dialog label={title} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{title}</h2>
          <p className="ink2">{t('propose.text')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <form
          className="stack sec"
          onSubmit={(event) => {
            event.preventDefault()
            propose.mutate(true)
          }}
        >
          <label className="field">
            <span>{t('propose.yaml')}</span>
            <textarea
              className="input"
              rows={22}
              spellCheck={false}
              required
              value={yaml}
              placeholder={'id: customer-data\nversion: 2026.11.22\nname:\n  en: Customer data path\n  ja: 顧客データ経路\n…'}
              onChange={(event) => {
                setYaml(event.target.value)
                propose.reset()
              }}
            />
          </label>
          {before.error === null ? null : <ProblemNote error={before.error} />}
          {propose.error === null ? null : <ProblemNote error={propose.error} />}
          {checked === undefined ? null : (
            <section aria-live="polite">
              <h3>{t('propose.checked', { id: checked.id, version: checked.version })}</h3>
              <ChangeList changes={checked.changes} weakened={checked.weakened} />
              <p className="ink2">{t('propose.required', { count: checked.required })}</p>
            </section>
          )}
          <div className="row">
            <DeedButton type="submit" className={checked === undefined ? 'btn ink' : 'btn'} busy={propose.isPending}>
              {t('propose.check')}
            </DeedButton>
            {checked === undefined ? null : (
              <DeedButton type="button" className="btn ink" busy={propose.isPending} onClick={() => propose.mutate(false)}>
                {t('propose.store')}
              </DeedButton>
            )}
          </div>
        </form>
      </div>
    </Dialog>
  )
}
