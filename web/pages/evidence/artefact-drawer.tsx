import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ArtefactDetail } from '../../../src/prove/custody/schema.ts'
import { artefactQuery } from '../../api/artefacts.ts'
import { tell } from '../../api/client.ts'
import { withScope } from '../../api/scope.ts'
import { CaptureView } from '../../components/capture-view.tsx'
import { Code, CopyButton } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { Clocks } from './clocks.tsx'

/** An artefact with its chain of custody: what it is, when and where it was taken, who had it since. */
export function ArtefactDrawer({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const { data, error, refetch } = useQuery(artefactQuery(id))
  useKeys({ escape: onClose })
  return (
    <section className="drawer" aria-label={data?.name ?? t('artefacts')}>
      <div className="dr-h">
        <div className="grow">
          {data === undefined ? (
            error === null ? (
              <p className="dim">{common('loading')}</p>
            ) : (
              <ProblemNote error={error} retry={() => void refetch()} />
            )
          ) : (
            <>
              <span className="label">{t(`artefact.kind.${data.kind}`)}</span>
              <h2>{data.name}</h2>
              <State artefact={data} />
            </>
          )}
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {data === undefined ? null : (
        <div className="dr-b stack sec">
          <Facts artefact={data} />
          {data.chain[0] === undefined ? <p className="dim">{common('logging')}</p> : <Clocks entry={data.chain[0]} />}
          {fromHost(data) && data.removed === null ? <Inside key={data.id} artefact={data.id} /> : null}
          <Chain artefact={data} />
          {data.removed === null ? <Deeds key={data.id} artefact={data} /> : null}
        </div>
      )}
    </section>
  )
}

/** A capture that an agent brought: others are of any form. */
const fromHost = ({ kind, source, note }: ArtefactDetail): boolean =>
  kind === 'capture' && source.startsWith('agent ') && note?.startsWith('command ') === true

/** Opened by a press: each look is in the chain of custody. */
function Inside({ artefact }: { artefact: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const [open, setOpen] = useState(false)
  return open ? (
    <CaptureView artefact={artefact} />
  ) : (
    <p>
      <button type="button" className="btn sm" onClick={() => setOpen(true)}>
        {t('told.look')}
      </button>
    </p>
  )
}

function State({ artefact }: { artefact: ArtefactDetail }): ReactNode {
  const { t } = useTranslation('evidence')
  const { removed, hold, valid, scan } = artefact
  return (
    <div className="row">
      {removed === null ? null : <span className="chip">{t('artefact.removed', { reason: removed.reason })}</span>}
      {hold === null ? null : <span className="chip">{t('artefact.held', { reason: hold.reason, by: hold.by })}</span>}
      {valid || removed !== null ? null : <span className="chip">{t('artefact.invalid')}</span>}
      <span className="chip">
        {'rules' in scan
          ? t('artefact.scanned', { count: scan.rules.length, rules: scan.rules.join(', ') })
          : t(`artefact.unscanned.${scan.unscanned}`)}
      </span>
    </div>
  )
}

function Facts({ artefact }: { artefact: ArtefactDetail }): ReactNode {
  const { t } = useTranslation('evidence')
  const format = useFormat()
  const { sha256, bytes, source, by, note, alert, keepUntil, validUntil, sealed } = artefact
  return (
    <dl className="said">
      <dt>SHA-256</dt>
      <dd className="mono row-copy">
        <span className="clip">{sha256}</span>
        <CopyButton text={sha256} label={t('artefact.copyHash')} />
      </dd>
      <dt>{t('artefact.size')}</dt>
      <dd className="num">{t(sealed ? 'artefact.sealed' : 'artefact.plain', { size: format.bytes(bytes) })}</dd>
      <dt>{t('artefact.source')}</dt>
      <dd>{source}</dd>
      <dt>{t('artefact.by')}</dt>
      <dd>{by.name}</dd>
      {note === null ? null : (
        <>
          <dt>{t('artefact.note')}</dt>
          <dd>{note}</dd>
        </>
      )}
      {alert === null ? null : (
        <>
          <dt>{t('artefact.alert')}</dt>
          <dd>
            <Link to="/triage" search={{ alert }}>
              {alert}
            </Link>
          </dd>
        </>
      )}
      <dt>{t('artefact.keep')}</dt>
      <dd className="num">{keepUntil === null ? t('artefact.forGood') : format.dateTime(keepUntil)}</dd>
      {validUntil === null ? null : (
        <>
          <dt>{t('artefact.validUntil')}</dt>
          <dd className="num">{format.dateTime(validUntil)}</dd>
        </>
      )}
    </dl>
  )
}

const DEEDS = ['add', 'take', 'transfer', 'hold', 'release', 'change', 'remove'] as const

function Chain({ artefact }: { artefact: ArtefactDetail }): ReactNode {
  const { t } = useTranslation('evidence')
  const format = useFormat()
  return (
    <section>
      <h3>{t('artefact.chain')}</h3>
      <table className="figs entries">
        <tbody>
          {artefact.chain.map(({ index, received, body }) => {
            const by = body['by'] as { readonly name?: string } | undefined
            const deed = DEEDS.find((one) => `artefact.${one}` === body['action'])
            return (
              <tr key={index}>
                <td className="num dim">{format.dateTime(received)}</td>
                <td className="nm">
                  <b>{by?.name}</b>{' '}
                  {deed === undefined
                    ? null
                    : t(`artefact.deed.${deed}`, { to: String(body['to'] ?? ''), reason: String(body['reason'] ?? '') })}
                </td>
                <td className="num">
                  <EntryLink index={index} />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

type Asked = 'transfer' | 'hold' | 'release' | 'remove'

/** What can be done with it: taken by whoever may read, the rest by whoever may change. */
function Deeds({ artefact }: { artefact: ArtefactDetail }): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const [asked, setAsked] = useState<Asked>()
  const [to, setTo] = useState('')
  const [reason, setReason] = useState('')
  const path = `/api/v1/artefacts/${encodeURIComponent(artefact.id)}`
  const act = useMutation({
    mutationFn: (what: Asked) =>
      what === 'remove'
        ? tell(path, { method: 'DELETE', body: { reason } })
        : what === 'transfer'
          ? tell(`${path}/transfers`, { method: 'POST', body: { to, reason } })
          : tell(`${path}/${what}`, { method: 'POST', body: { reason } }),
    onSuccess: async () => {
      setAsked(undefined)
      setReason('')
      await client.invalidateQueries({ queryKey: ['ledger'] })
    },
  })
  const choices: readonly Asked[] = [
    'transfer',
    artefact.hold === null ? 'hold' : 'release',
    ...(artefact.hold === null ? (['remove'] as const) : []),
  ]
  return (
    <section className="stack">
      <div className="row">
        <a className="btn ink" href={withScope(`${path}/content`)} download>
          <Icon name="download" />
          {t('artefact.get')}
        </a>
        {may('artefacts:write')
          ? choices.map((one) => (
              <button key={one} type="button" className="btn" aria-pressed={asked === one} onClick={() => setAsked(one)}>
                {t(`artefact.act.${one}`)}
              </button>
            ))
          : null}
      </div>
      <p className="label">{t('artefact.getNote')}</p>
      {asked === undefined ? null : (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            act.mutate(asked)
          }}
        >
          {asked === 'transfer' ? (
            <label className="field">
              <span>{t('artefact.to')}</span>
              <input className="input" required maxLength={500} value={to} onChange={(event) => setTo(event.target.value)} />
            </label>
          ) : null}
          <label className="field">
            <span>{t('artefact.reason')}</span>
            <input
              className="input"
              required
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          {act.error === null ? null : <ProblemNote error={act.error} />}
          <div className="row">
            <DeedButton type="submit" className="btn ink" busy={act.isPending}>
              {t(`artefact.act.${asked}`)}
            </DeedButton>
            <button type="button" className="btn" onClick={() => setAsked(undefined)}>
              {common('cancel')}
            </button>
          </div>
        </form>
      )}
      <Code note={t('artefact.cli')} text={`./kanpeki artefacts get ${artefact.id} -o ${JSON.stringify(artefact.name)}`} />
    </section>
  )
}
