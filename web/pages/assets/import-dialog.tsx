import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IMPORT_BYTES, type ImportReply, importReplySchema } from '../../../src/access/assets/schema.ts'
import { call } from '../../api/client.ts'
import { CopyButton } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote, Said } from '../../components/problem-note.tsx'
import { SourceText } from '../../components/source-text.tsx'
import { useFormat } from '../../components/use-format.ts'

const EXAMPLE = [
  'names,labels,criticality,owner',
  'web-01;web-01.example.com;192.0.2.11,team=shop;env=production,high,Shop team',
  'db-01;192.0.2.21,team=shop,critical,Shop team',
].join('\n')

interface Chosen {
  readonly name: string
  readonly format: 'csv' | 'json'
  readonly text: string
}

/** A list of assets from a file: first what it would do, row by row where it cannot, then the deed. */
export function ImportDialog({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('assets')
  const { t: common } = useTranslation()
  const format = useFormat()
  const client = useQueryClient()
  const notice = useNotice()
  const [chosen, setChosen] = useState<Chosen | undefined>()
  const [tooBig, setTooBig] = useState(false)
  const send = (file: Chosen, dryRun: boolean): Promise<ImportReply> =>
    call(importReplySchema, '/api/v1/assets/import', {
      method: 'POST',
      body: { format: file.format, text: file.text, dryRun },
    })
  const preview = useMutation({ mutationFn: (file: Chosen) => send(file, true) })
  const take = useMutation({
    mutationFn: (file: Chosen) => send(file, false),
    onSuccess: async (reply) => {
      await client.invalidateQueries({ queryKey: ['assets'] })
      notice({ text: t('import.done', { created: reply.created, changed: reply.changed }) })
      onClose()
    },
  })
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return
    setTooBig(file.size > IMPORT_BYTES)
    if (file.size > IMPORT_BYTES) return
    const text = await file.text()
    const next: Chosen = { name: file.name, format: /\.json$/i.test(file.name) ? 'json' : 'csv', text }
    setChosen(next)
    take.reset()
    preview.mutate(next)
  }
  const found = preview.data
  const takes = found === undefined ? 0 : found.created + found.changed
  return (
    <Dialog label={t('import.title')} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('import.title')}</h2>
          <p className="ink2">{t('import.text')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b form">
        <div className="pre-w sec">
          <SourceText text={EXAMPLE} label={t('import.example')} />
          <CopyButton text={EXAMPLE} />
        </div>
        <label className="field">
          <span>{t('import.file')}</span>
          <input
            className="file"
            type="file"
            accept=".csv,.json,text/csv,application/json"
            onChange={(event) => void choose(event.target.files?.[0])}
          />
        </label>
        {tooBig ? <p className="label bad">{t('import.tooBig', { size: format.bytes(IMPORT_BYTES) })}</p> : null}
        {preview.error === null ? null : <ProblemNote error={preview.error} />}
        {take.error === null ? null : <ProblemNote error={take.error} />}
        {found === undefined || chosen === undefined ? null : (
          <div role="status">
            <Preview found={found} name={chosen.name} />
            <p className="sec">
              <DeedButton
                type="button"
                className="btn ink"
                busy={take.isPending}
                disabled={takes === 0}
                onClick={() => take.mutate(chosen)}
              >
                {takes === 0 ? t('import.nothing') : t('import.take', { count: takes })}
              </DeedButton>
            </p>
          </div>
        )}
      </div>
    </Dialog>
  )
}

function Preview({ found, name }: { found: ImportReply; name: string }): ReactNode {
  const { t } = useTranslation('assets')
  const format = useFormat()
  const wrong = found.errors.length + found.errorsLeftOut
  return (
    <>
      <h3 className="sec-h">
        <bdi>{name}</bdi>
      </h3>
      <div className="sum four">
        {(['created', 'changed', 'unchanged'] as const).map((key) => (
          <div key={key}>
            <span className="label">{t(`import.${key}`)}</span>
            <b className="num">{format.count(found[key])}</b>
          </div>
        ))}
        <div className={wrong > 0 ? 'hatched' : ''}>
          <span className="label">{t('import.wrong')}</span>
          <b className="num">{format.count(wrong)}</b>
        </div>
      </div>
      {found.errors.length === 0 ? null : (
        <table className="srcs still sec">
          <thead>
            <tr>
              <th className="r">{t('import.row')}</th>
              <th>{t('import.reason')}</th>
            </tr>
          </thead>
          <tbody>
            {found.errors.map((error) => (
              <tr key={`${error.row} ${error.message}`}>
                <td className="r num">{format.count(error.row)}</td>
                <td className="named">
                  <Said code={error.code} text={error.message} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {found.errorsLeftOut > 0 ? <p className="label">{t('import.leftOut', { count: found.errorsLeftOut })}</p> : null}
    </>
  )
}
