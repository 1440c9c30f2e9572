import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon.tsx'
import { useMay } from './session.ts'
import { useFormat } from './use-format.ts'

/** `#913,482`: the ledger entry behind a figure; says so while the log has not taken it yet. */
export function EntryLink({ index }: { index: number | null | undefined }): ReactNode {
  const { t } = useTranslation()
  const format = useFormat()
  const may = useMay()
  if (index === null || index === undefined) return <span className="dim nw">{t('logging')}</span>
  if (!may('ledger:read')) return <span className="num">#{format.count(index)}</span>
  return (
    <Link className="num" to="/evidence" search={{ entry: index }}>
      #{format.count(index)}
    </Link>
  )
}

/** The proof icon at the end of a figure's row. */
export function ProofLink({ index, label }: { index: number | null | undefined; label: string }): ReactNode {
  const may = useMay()
  if (index === null || index === undefined || !may('ledger:read')) return <span className="proof" />
  return (
    <Link className="proof" to="/evidence" search={{ entry: index }} title={label} aria-label={label}>
      <Icon name="proof" />
    </Link>
  )
}
