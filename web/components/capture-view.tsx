import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { captureEntryQuery, captureQuery } from '../api/hosts.ts'
import { ProblemNote } from './problem-note.tsx'
import { processTree } from './process-tree.ts'
import { ScrollArea } from './scroll-area.tsx'
import { useFormat } from './use-format.ts'

const KNOWN = ['processes', 'sockets', 'open-files', 'events-before', 'events-after', 'packets-before', 'packets'] as const
/** `packets-before-0.pcap` is one of `packets-before`. */
const kindOf = (name: string) => KNOWN.find((one) => name.replace(/(-\d+)?\.\w+$/, '') === one)

/** What a capture holds, entry by entry; each look is in the ledger. */
export function CaptureView({ artefact }: { artefact: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const [name, setName] = useState<string | undefined>()
  const { data, error } = useQuery(captureQuery(artefact))
  if (error !== null) return <ProblemNote error={error} />
  if (data === undefined) return null
  return (
    <section aria-label={t('capture.title')}>
      <p className="label">{t('capture.began', { from: format.dateTime(data.began), to: format.dateTime(data.ended) })}</p>
      <ul className="plain">
        {data.entries.map((entry) => (
          <li key={entry.name}>
            <button type="button" className="link wrap" aria-expanded={name === entry.name} onClick={() => setName(entry.name)}>
              <EntryName name={entry.name} path={entry.path} />
            </button>{' '}
            <span className="num">{format.bytes(entry.bytes)}</span>
          </li>
        ))}
      </ul>
      {data.problems.length === 0 ? (
        <p className="label">{t('capture.noProblem')}</p>
      ) : (
        <>
          <p className="label">{t('capture.problems')}</p>
          <ul className="plain">
            {data.problems.map(({ what, why }) => (
              <li key={what} className="mono wrap">
                <bdi>{what}</bdi>: <bdi>{why}</bdi>
              </li>
            ))}
          </ul>
        </>
      )}
      {name === undefined ? null : <Entry artefact={artefact} name={name} />}
      <p>
        <a className="btn sm" href={`/api/v1/artefacts/${artefact}/content`} download>
          {t('capture.download')}
        </a>
      </p>
    </section>
  )
}

function EntryName({ name, path }: { name: string; path: string | undefined }): ReactNode {
  const { t } = useTranslation('hosts')
  const kind = kindOf(name)
  if (kind !== undefined) return t(`capture.entry.${kind}`)
  return <bdi className="mono">{path ?? name}</bdi>
}

function Entry({ artefact, name }: { artefact: string; name: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const { data, error } = useQuery(captureEntryQuery(artefact, name))
  if (error !== null) return <ProblemNote error={error} />
  if (data === undefined) return null
  return (
    <>
      <ScrollArea label={name}>
        <pre className="code json" dir="ltr">
          {kindOf(name) === 'processes' ? processTree(data.text ?? '') : (data.text ?? data.hex?.replaceAll(/(.{2})/g, '$1 '))}
        </pre>
      </ScrollArea>
      {data.cut ? <p className="label">{t('capture.cut')}</p> : null}
    </>
  )
}
