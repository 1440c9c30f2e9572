import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ARTEFACT_KINDS, type ArtefactKind, artefactSchema } from '../../../src/prove/custody/schema.ts'
import { call } from '../../api/client.ts'
import { Code } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'

/** Brings a file as evidence: what it is, where it was taken and when. */
export function BringDialog({ onClose, onBrought }: { onClose: () => void; onBrought: (id: string) => void }): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const [file, setFile] = useState<File>()
  const [kind, setKind] = useState<ArtefactKind>('file')
  const [source, setSource] = useState('')
  const [observed, setObserved] = useState('')
  const [note, setNote] = useState('')
  const [keep, setKeep] = useState('')
  const bring = useMutation({
    mutationFn: () =>
      call(artefactSchema, '/api/v1/artefacts', {
        method: 'POST',
        file: file ?? new Blob(),
        query: {
          name: file?.name ?? '',
          kind,
          source,
          note: note.trim() === '' ? undefined : note,
          observed: observed === '' ? undefined : new Date(observed).toISOString(),
          keepUntil: keep === '' ? undefined : new Date(keep).toISOString(),
        },
      }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['ledger'] })
      onBrought(id)
    },
  })
  return (
    <Dialog label={t('artefact.bring')} className="slide" onClose={onClose} typed>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('artefact.bring')}</h2>
          <p className="ink2">{t('artefact.bringText')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <form
        className="slide-b stack sec form"
        onSubmit={(event) => {
          event.preventDefault()
          bring.mutate()
        }}
      >
        <Field label={t('artefact.file')}>
          <input className="input" type="file" required onChange={(event) => setFile(event.target.files?.[0])} />
        </Field>
        <Field label={t('artefact.what')}>
          <select
            className="input"
            value={kind}
            onChange={(event) => setKind(ARTEFACT_KINDS.find((one) => one === event.target.value) ?? 'file')}
          >
            {ARTEFACT_KINDS.map((one) => (
              <option key={one} value={one}>
                {t(`artefact.kind.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('artefact.source')} hint={t('artefact.sourceHint')}>
          <input className="input" required maxLength={500} value={source} onChange={(event) => setSource(event.target.value)} />
        </Field>
        <Field label={t('artefact.observed')} hint={t('artefact.observedHint')}>
          <input className="input" type="datetime-local" value={observed} onChange={(event) => setObserved(event.target.value)} />
        </Field>
        <Field label={t('artefact.note')}>
          <input className="input" maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
        </Field>
        <Field label={t('artefact.keep')} hint={t('artefact.keepHint')}>
          <input className="input" type="date" value={keep} onChange={(event) => setKeep(event.target.value)} />
        </Field>
        {bring.error === null ? null : <ProblemNote error={bring.error} />}
        <div className="row">
          <DeedButton type="submit" className="btn ink" busy={bring.isPending} disabled={file === undefined}>
            {bring.isPending ? t('artefact.bringing') : t('artefact.bring')}
          </DeedButton>
        </div>
        <Code note={t('artefact.cli')} text="./kanpeki artefacts add FILE --source WHERE --kind capture" />
      </form>
    </Dialog>
  )
}
