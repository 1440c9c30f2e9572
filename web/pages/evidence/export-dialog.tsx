import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { wallQuery } from '../../api/queries.ts'
import { withScope } from '../../api/scope.ts'
import { Code } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { useFormat } from '../../components/use-format.ts'

const DAY = 86_400_000

/** A bundle an auditor can check without Kanpeki: for a card, or for a span of time. */
export function ExportDialog({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const format = useFormat()
  const wall = useQuery(wallQuery)
  const [card, setCard] = useState('')
  const [from, setFrom] = useState(() => new Date(Date.now() - 30 * DAY).toISOString().slice(0, 10))
  const [to, setTo] = useState(() => new Date(Date.now() + DAY).toISOString().slice(0, 10))
  const query = card === '' ? `from=${from}T00:00:00.000Z&to=${to}T00:00:00.000Z` : `card=${encodeURIComponent(card)}`
  return (
    <Dialog label={t('export.title')} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('export.title')}</h2>
          <p className="ink2">{t('export.text')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack sec">
        <label className="field">
          <span>{t('export.about')}</span>
          <select className="input" value={card} onChange={(event) => setCard(event.target.value)}>
            <option value="">{t('export.span')}</option>
            {wall.data?.cards.map((one) => (
              <option key={one.id} value={one.id}>
                {format.text(one.name)}
              </option>
            ))}
          </select>
        </label>
        {card !== '' ? null : (
          <div className="row">
            <label className="field grow">
              <span>{t('export.from')}</span>
              <input className="input" type="date" value={from} max={to} onChange={(event) => setFrom(event.target.value)} />
            </label>
            <label className="field grow">
              <span>{t('export.to')}</span>
              <input className="input" type="date" value={to} min={from} onChange={(event) => setTo(event.target.value)} />
            </label>
          </div>
        )}
        <div className="row">
          <a className="btn ink" href={withScope(`/api/v1/ledger/bundle?${query}&format=zip`)} download>
            <Icon name="download" />
            {t('export.download')}
          </a>
          <a className="btn" href="/public/verifier.html" target="_blank" rel="noreferrer">
            {t('export.verifier')}
          </a>
        </div>
        <Code
          note={t('export.cli')}
          text={`./kanpeki export ${card === '' ? `--from ${from} --to ${to}` : `--card ${card}`} -o evidence.zip\n./kanpeki verify evidence.zip --key "$(curl -s ${window.location.origin}/ledger/key)"`}
        />
      </div>
    </Dialog>
  )
}
