import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { HistoryResponse } from '../../../src/declare/schema.ts'
import { cardDiffQuery } from '../../api/queries.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ChangeList } from './change-list.tsx'

type Version = HistoryResponse['versions'][number]

/** Every version with who brought it and who signed it; opened, what it changed against the one before. */
export function VersionList({ id, versions }: { id: string; versions: readonly Version[] }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const [open, setOpen] = useState<string>()
  return (
    <div className="sec">
      <h3>{t('versions.title')}</h3>
      <ul className="rows">
        {versions.map((version, index) => {
          const before = versions[index + 1]
          return (
            <li key={version.hash} className="version">
              <span className="num nw">v{version.version}</span>
              {version.inForce ? <span className="chip">{t('versions.inForce')}</span> : null}
              <span className="grow ink2">
                {t('versions.by', {
                  name: version.by === 'file' ? t('versions.file') : version.by,
                  at: format.dateTime(version.at),
                })}
                {version.signatures.map((signature) => (
                  <span key={`${signature.name}${signature.at}`} className="approval">
                    {t('versions.signed', { name: signature.name, at: format.dateTime(signature.at) })}
                    <EntryLink index={signature.evidence?.index} />
                  </span>
                ))}
              </span>
              {before === undefined ? null : (
                <button
                  type="button"
                  className="btn sm quiet"
                  aria-expanded={open === version.hash}
                  onClick={() => setOpen(open === version.hash ? undefined : version.hash)}
                >
                  {t('versions.diff', { version: before.version })}
                </button>
              )}
              {open === version.hash && before !== undefined ? <Diff id={id} from={before.hash} to={version.hash} /> : null}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function Diff({ id, from, to }: { id: string; from: string; to: string }): ReactNode {
  const { data, error } = useQuery(cardDiffQuery(id, from, to))
  if (error !== null) return <ProblemNote error={error} />
  return data === undefined ? null : (
    <div className="version-diff">
      <ChangeList changes={data.changes} weakened={data.weakened} />
    </div>
  )
}
