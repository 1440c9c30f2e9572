import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { EXPORT_FORMATS, type ExportFormat, MOST_EXPORTED } from '../../../src/server/schema.ts'
import { withQuery } from '../../api/client.ts'
import { withScope } from '../../api/scope.ts'
import { Code } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useFormat } from '../../components/use-format.ts'
import { searchCommand } from './query-text.ts'
import type { Window } from './window.ts'

const NAMES: Readonly<Record<ExportFormat, string>> = { csv: 'CSV', ndjson: 'NDJSON', parquet: 'Parquet' }

/** What the search finds as a file: streamed by the server, at most a million events, oldest first. */
export function ExportDialog({
  query,
  window,
  total,
  onClose,
}: {
  query: string
  window: Window
  total: number
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('timeline')
  const { t: common } = useTranslation()
  const format = useFormat()
  const [form, setForm] = useState<ExportFormat>('csv')
  const path = withQuery('/api/v1/events/export', {
    query: query === '' ? undefined : query,
    ...window,
    format: form,
    limit: MOST_EXPORTED,
  })
  return (
    <Dialog label={t('export.title')} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('export.title')}</h2>
          <p className="ink2 num">
            {t('export.text', { count: Math.min(total, MOST_EXPORTED) })}{' '}
            {total > MOST_EXPORTED ? t('export.most', { most: format.count(MOST_EXPORTED) }) : ''}
          </p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack sec">
        <div>
          <Segmented
            label={t('export.format')}
            value={form}
            choices={EXPORT_FORMATS.map((one) => ({ value: one, label: NAMES[one] }))}
            onChange={setForm}
          />
          <p className="label" role="status">
            {t(`export.${form}`)}
          </p>
        </div>
        <p>
          <a className="btn ink" href={withScope(path)} download={`events.${form}`}>
            <Icon name="download" />
            {t('export.download')}
          </a>
        </p>
        <Code note={t('export.cli')} text={searchCommand(query, window)} />
      </div>
    </Dialog>
  )
}
