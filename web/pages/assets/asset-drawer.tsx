import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type AssetView, assetSchema, CRITICALITIES, type Criticality } from '../../../src/access/assets/schema.ts'
import { call, tell } from '../../api/client.ts'
import { assetQuery } from '../../api/house-queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { CriticalityTag } from './criticality.tsx'
import { hostQuery } from './host-query.ts'
import { LabelChips } from './label-chips.tsx'
import { labelsText, readLabels, readNames, withLabel } from './labels-text.ts'
import { WeakOnAsset } from './weak-on-asset.tsx'

/** Labels that weaknesses are weighed by, with the words that are known of each. */
const LABELS = [
  ['exposure', ['internet', 'internal', 'isolated']],
  ['environment', ['production', 'staging', 'development']],
] as const

/** One asset to read or to change, or a new one. */
export function AssetDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }): ReactNode {
  const { t } = useTranslation('assets')
  const { t: common } = useTranslation()
  const may = useMay()
  const { data: asset, error, refetch } = useQuery({ ...assetQuery(id ?? ''), enabled: id !== undefined })
  const title = id === undefined ? t('add') : (asset?.names[0] ?? '…')
  return (
    <Dialog label={title} className="slide" onClose={onClose} typed={id === undefined}>
      <div className="slide-h">
        <div className="grow">
          <h2>
            <bdi>{title}</bdi>
          </h2>
          {asset === undefined ? null : (
            <p className="label">
              <Link to="/timeline" search={{ q: hostQuery(asset.names), span: '24h' }}>
                {t('events')}
              </Link>
            </p>
          )}
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {id === undefined ? <AssetForm asset={undefined} onDone={onClose} /> : null}
        {asset === undefined ? null : <WeakOnAsset asset={asset} />}
        {asset === undefined ? null : may('assets:write') ? (
          <AssetForm key={asset.updated} asset={asset} onDone={onClose} />
        ) : (
          <AssetFacts asset={asset} />
        )}
      </div>
    </Dialog>
  )
}

function AssetFacts({ asset }: { asset: AssetView }): ReactNode {
  const { t } = useTranslation('assets')
  const format = useFormat()
  return (
    <dl className="pairs sec">
      <dt>{t('form.names')}</dt>
      <dd className="mono">{asset.names.join(', ')}</dd>
      <dt>{t('col.criticality')}</dt>
      <dd>
        <CriticalityTag criticality={asset.criticality} />
      </dd>
      <dt>{t('col.owner')}</dt>
      <dd>{asset.owner ?? t('noOwner')}</dd>
      <dt>{t('col.labels')}</dt>
      <dd>
        <LabelChips labels={asset.labels} />
      </dd>
      <dt>{t('col.scope')}</dt>
      <dd className="mono">{asset.scope}</dd>
      <dt>{t('col.updated')}</dt>
      <dd className="num">{format.dateTime(asset.updated)}</dd>
    </dl>
  )
}

function AssetForm({ asset, onDone }: { asset: AssetView | undefined; onDone: () => void }): ReactNode {
  const { t } = useTranslation('assets')
  const client = useQueryClient()
  const notice = useNotice()
  const may = useMay()
  const [names, setNames] = useState(asset?.names.join('\n') ?? '')
  const [labels, setLabels] = useState(labelsText(asset?.labels ?? {}))
  const [criticality, setCriticality] = useState<Criticality>(asset?.criticality ?? 'medium')
  const [owner, setOwner] = useState(asset?.owner ?? '')
  const read = readLabels(labels)
  // What decides the scope of an assigned asset is kept by the installation's administrators.
  const kept = asset?.assigned === true && !may('installation')
  const told = (text: string): void => {
    notice({ text })
    onDone()
  }
  const save = useMutation({
    mutationFn: () => {
      const body = {
        ...(kept ? {} : { names: readNames(names), labels: read.labels }),
        criticality,
        owner: owner.trim() === '' ? null : owner.trim(),
      }
      return asset === undefined
        ? call(assetSchema, '/api/v1/assets', { method: 'POST', body })
        : call(assetSchema, `/api/v1/assets/${asset.id}`, { method: 'PATCH', body })
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ['assets'] })
      told(t('saved', { name: saved.names[0] ?? '', scope: saved.scope }))
    },
  })
  const remove = useMutation({
    mutationFn: () => tell(`/api/v1/assets/${asset?.id ?? ''}`, { method: 'DELETE' }),
    onSuccess: async () => {
      // The drawer is still open: what is gone is not asked for again.
      await client.invalidateQueries({ queryKey: ['assets'], predicate: ({ queryKey }) => queryKey[1] !== 'one' })
      told(t('removed', { name: asset?.names[0] ?? '' }))
    },
  })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (read.wrong.length === 0) save.mutate()
      }}
    >
      {kept ? <p className="hint">{t('form.kept', { scope: asset.scope })}</p> : null}
      <Field label={t('form.names')} hint={t('form.namesHint')}>
        <textarea
          className="input"
          rows={3}
          required
          disabled={kept}
          value={names}
          onChange={(event) => setNames(event.target.value)}
        />
      </Field>
      <div className="field">
        <span>{t('col.criticality')}</span>
        <Segmented
          label={t('col.criticality')}
          value={criticality}
          choices={CRITICALITIES.map((value) => ({ value, label: t(`criticality.${value}`) }))}
          onChange={setCriticality}
        />
      </div>
      <Field label={t('col.owner')}>
        <input className="input" maxLength={120} value={owner} onChange={(event) => setOwner(event.target.value)} />
      </Field>
      {LABELS.map(([label, values]) => (
        <Field key={label} label={t(`label.${label}`)} hint={t(`label.${label}Hint`)}>
          <select
            className="input"
            disabled={kept}
            value={read.labels[label] ?? ''}
            onChange={(event) => setLabels(withLabel(labels, label, event.target.value))}
          >
            <option value="">{t('label.none')}</option>
            {values.map((value) => (
              <option key={value} value={value}>
                {t(`label.value.${value}`)}
              </option>
            ))}
            {read.labels[label] === undefined || values.some((value) => value === read.labels[label]) ? null : (
              <option value={read.labels[label]}>{read.labels[label]}</option>
            )}
          </select>
        </Field>
      ))}
      <Field
        label={t('col.labels')}
        hint={t('form.labelsHint')}
        wrong={read.wrong[0] === undefined ? undefined : t('form.labelsWrong', { line: read.wrong[0] })}
      >
        <textarea
          className="input"
          rows={4}
          disabled={kept}
          placeholder={'team=payments\nenv=production'}
          value={labels}
          onChange={(event) => setLabels(event.target.value)}
        />
      </Field>
      {save.error === null ? null : <ProblemNote error={save.error} />}
      {remove.error === null ? null : <ProblemNote error={remove.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={save.isPending}>
          {t(asset === undefined ? 'form.create' : 'form.save')}
        </DeedButton>
        {asset === undefined || kept ? null : (
          <SureButton
            label={t('remove')}
            sure={t('removeSure')}
            yes={t('removeYes')}
            pending={remove.isPending}
            size="md"
            onSure={() => remove.mutate()}
          />
        )}
      </div>
    </form>
  )
}
