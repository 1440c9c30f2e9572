import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type SeriesView, seriesBody, seriesView } from '../../../src/declare/series/schema.ts'
import { UNITS, type Unit } from '../../../src/kernel/measure.ts'
import { call, tell } from '../../api/client.ts'
import { Code } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'

const WAYS = ['push', 'http', 'prometheus', 'sql'] as const
type Way = (typeof WAYS)[number]

interface Draft {
  id: string
  unit: Unit
  en: string
  ja: string
  definition: string
  way: Way
  url: string
  what: string
  minutes: number
  secret: string
}

/** A series of external figures: what it means, and either where it is asked or how to push into it. */
export function SeriesForm({ series, onClose }: { series: SeriesView | undefined; onClose: () => void }): ReactNode {
  const { t } = useTranslation('declarations')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const [draft, setDraft] = useState(() => draftOf(series))
  const [sure, setSure] = useState(false)
  const done = (): void => {
    void client.invalidateQueries({ queryKey: ['series'] })
    onClose()
  }
  const path = `/api/v1/series/${encodeURIComponent(draft.id)}`
  const save = useMutation({
    mutationFn: () => call(seriesView, path, { method: 'PUT', body: seriesBody.parse(bodyOf(draft)) }),
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
          ) : (
            <PullFields way={draft.way} draft={draft} kept={series?.hasSecret ?? false} set={set} />
          )}
          {save.error === null ? null : <ProblemNote error={save.error} />}
          {remove.error === null ? null : <ProblemNote error={remove.error} />}
          <div className="row">
            <button type="submit" className="btn ink" disabled={save.isPending}>
              {t('series.save')}
            </button>
            {series === undefined ? null : (
              <button
                type="button"
                className="btn"
                disabled={remove.isPending}
                onClick={() => (sure ? remove.mutate() : setSure(true))}
              >
                {t(sure ? 'series.removeSure' : 'series.remove')}
              </button>
            )}
          </div>
        </form>
      </div>
    </Dialog>
  )
}

function PullFields({
  way,
  draft,
  kept,
  set,
}: {
  way: Exclude<Way, 'push'>
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
      <Field label={t('series.every')}>
        <input
          className="input num"
          type="number"
          min={1}
          max={10_080}
          required
          value={draft.minutes}
          onChange={(event) => set({ minutes: event.target.valueAsNumber || 1 })}
        />
      </Field>
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

function draftOf(series: SeriesView | undefined): Draft {
  const pull = series?.pull ?? null
  return {
    id: series?.id ?? '',
    unit: series?.unit ?? 'percent',
    en: series?.title.en ?? '',
    ja: series?.title.ja ?? '',
    definition: series?.definition ?? '',
    way: pull?.kind ?? 'push',
    url: pull?.url ?? '',
    what: pull === null ? '' : pull.kind === 'http' ? pull.pointer : pull.query,
    minutes: Math.max(1, Math.round((pull?.every ?? 3600) / 60)),
    secret: '',
  }
}

function bodyOf({ unit, en, ja, definition, way, url, what, minutes, secret }: Draft): unknown {
  const every = minutes * 60
  const how = way === 'http' ? { kind: way, url, pointer: what, every } : { kind: way, url, query: what, every }
  return {
    unit,
    title: { en, ja },
    definition,
    pull: way === 'push' ? null : how,
    ...(secret === '' ? {} : { secret }),
  }
}

function pushLine(id: string, unit: Unit): string {
  const sample = unit === 'percent' ? '{"good":97,"bad":2,"unknown":1}' : '{"value":14}'
  return `curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '${sample}' ${window.location.origin}/api/v1/series/${id}/samples`
}
