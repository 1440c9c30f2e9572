import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TemplateInfo } from '../../../src/declare/catalogue/schema.ts'
import { type SeriesView, seriesView } from '../../../src/declare/series/schema.ts'
import { UNITS, type Unit } from '../../../src/kernel/measure.ts'
import { call, tell } from '../../api/client.ts'
import { Code } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field, NumberInput } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { SureButton } from '../settings/sure-button.tsx'
import { bodyOf, type Draft, draftOf, noAttribute, WAYS, type Way } from './series-draft.ts'

/** A series of external figures: what it means, and either where it is asked or how to push into it. */
export function SeriesForm({
  series,
  template,
  onClose,
}: {
  series: SeriesView | undefined
  /** What a new one begins with. */
  template?: TemplateInfo | undefined
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('declarations')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const [draft, setDraft] = useState(() => draftOf(series, template))
  const done = (): void => {
    void client.invalidateQueries({ queryKey: ['series'] })
    onClose()
  }
  const path = `/api/v1/series/${encodeURIComponent(draft.id)}`
  const save = useMutation({
    mutationFn: () => call(seriesView, path, { method: 'PUT', body: bodyOf(draft) }),
    onSuccess: done,
  })
  const remove = useMutation({ mutationFn: () => tell(path, { method: 'DELETE' }), onSuccess: done })
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change })
  const title = series === undefined ? t('series.new') : t('series.edit')
  return (
    <Dialog label={title} className="slide" typed={series === undefined} onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{title}</h2>
          <p className="ink2">{t('series.text')}</p>
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
            save.mutate()
          }}
        >
          <Field label={t('series.id')} hint={t('series.idHint')}>
            <input
              className="input mono"
              required
              pattern="[a-z0-9]+(-[a-z0-9]+)*"
              maxLength={64}
              disabled={series !== undefined}
              value={draft.id}
              onChange={(event) => set({ id: event.target.value })}
            />
          </Field>
          <Field label={t('series.unit')}>
            <select
              className="input"
              disabled={series !== undefined}
              value={draft.unit}
              onChange={(event) => set({ unit: UNITS.find((one) => one === event.target.value) ?? 'count' })}
            >
              {UNITS.map((unit) => (
                <option key={unit} value={unit}>
                  {t(`series.units.${unit}`)}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('series.titleEn')}>
            <input className="input" required value={draft.en} onChange={(event) => set({ en: event.target.value })} />
          </Field>
          <Field label={t('series.titleJa')}>
            <input className="input" required value={draft.ja} onChange={(event) => set({ ja: event.target.value })} />
          </Field>
          <Field label={t('series.definition')} hint={t('series.definitionHint')}>
            <textarea
              className="input"
              rows={2}
              maxLength={2000}
              value={draft.definition}
              onChange={(event) => set({ definition: event.target.value })}
            />
          </Field>
          <Field label={t('series.way')}>
            <select
              className="input"
              value={draft.way}
              onChange={(event) => set({ way: WAYS.find((one) => one === event.target.value) ?? 'push' })}
            >
              {WAYS.map((way) => (
                <option key={way} value={way}>
                  {t(`series.ways.${way}`)}
                </option>
              ))}
            </select>
          </Field>
          {draft.way === 'push' ? (
            <div className="stack">
              <p className="ink2">{t('series.pushText')}</p>
              <Code text={pushLine(draft.id || 'mfa-coverage', draft.unit)} />
            </div>
          ) : draft.way === 'otlp' ? (
            <OtlpFields draft={draft} set={set} />
          ) : (
            <PullFields way={draft.way} draft={draft} kept={series?.hasSecret ?? false} set={set} />
          )}
          {save.error === null ? null : <ProblemNote error={save.error} />}
          {remove.error === null ? null : <ProblemNote error={remove.error} />}
          <div className="row">
            <DeedButton type="submit" className="btn ink" busy={save.isPending}>
              {t('series.save')}
            </DeedButton>
            {series === undefined ? null : (
              <SureButton
                label={t('series.remove')}
                sure={t('series.removeSure')}
                yes={t('series.remove')}
                pending={remove.isPending}
                size="md"
                onSure={() => remove.mutate()}
              />
            )}
          </div>
        </form>
      </div>
    </Dialog>
  )
}

function OtlpFields({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }): ReactNode {
  const { t } = useTranslation('declarations')
  return (
    <>
      <p className="ink2">{t('series.otlpText')}</p>
      <Field label={t('series.what.otlp')} hint={t('series.whatHint.otlp')}>
        <input
          className="input mono"
          required
          maxLength={255}
          value={draft.what}
          onChange={(event) => set({ what: event.target.value })}
        />
      </Field>
      <Field label={t('series.attributes')} hint={t('series.attributesHint')}>
        <textarea
          className="input mono"
          rows={2}
          placeholder="service.name=backup"
          value={draft.attributes}
          onChange={(event) => {
            const line = noAttribute(event.target.value)
            event.target.setCustomValidity(line === undefined ? '' : t('series.attributeLine', { line }))
            set({ attributes: event.target.value })
          }}
        />
      </Field>
      <Minutes draft={draft} set={set} />
    </>
  )
}

function Minutes({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }): ReactNode {
  const { t } = useTranslation('declarations')
  return (
    <Field label={t(draft.way === 'otlp' ? 'series.atMost' : 'series.every')}>
      <NumberInput min={1} max={10_080} value={draft.minutes} onChange={(minutes) => set({ minutes })} />
    </Field>
  )
}

function PullFields({
  way,
  draft,
  kept,
  set,
}: {
  way: Exclude<Way, 'push' | 'otlp'>
  draft: Draft
  kept: boolean
  set: (change: Partial<Draft>) => void
}): ReactNode {
  const { t } = useTranslation('declarations')
  return (
    <>
      <Field label={t('series.url')} hint={t(`series.urlHint.${way}`)}>
        <input
          className="input mono"
          type="url"
          required
          value={draft.url}
          onChange={(event) => set({ url: event.target.value })}
        />
      </Field>
      <Field label={t(`series.what.${way}`)} hint={t(`series.whatHint.${way}`)}>
        <input
          className="input mono"
          required={way !== 'http'}
          value={draft.what}
          onChange={(event) => set({ what: event.target.value })}
        />
      </Field>
      <Minutes draft={draft} set={set} />
      <Field
        label={t('series.secret')}
        hint={t(kept ? 'series.secretKept' : `series.secretHint.${way === 'sql' ? 'sql' : 'http'}`)}
      >
        <input
          className="input"
          type="password"
          autoComplete="off"
          value={draft.secret}
          onChange={(event) => set({ secret: event.target.value })}
        />
      </Field>
    </>
  )
}

function pushLine(id: string, unit: Unit): string {
  const sample = unit === 'percent' ? '{"good":97,"bad":2,"unknown":1}' : '{"value":14}'
  return `curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '${sample}' ${window.location.origin}/api/v1/series/${id}/samples`
}
