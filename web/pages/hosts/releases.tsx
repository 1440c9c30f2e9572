import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addRelease, agentStatesQuery, releasesQuery, updateHost } from '../../api/hosts.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { DeedsHead } from '../../components/deeds-head.tsx'
import { Field } from '../../components/fields.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'

/** Signed versions of the agent, which host runs which, and giving one to a host. */
export function Releases(): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const { data, error } = useQuery({ ...releasesQuery, enabled: may('agents:read') })
  const states = useQuery({ ...agentStatesQuery, enabled: may('agents:read') })
  const [adding, setAdding] = useState(false)
  if (!may('agents:read')) return null
  const items = data?.items ?? []
  const agents = states.data?.items ?? []
  return (
    <section className="sheet rules-place" aria-labelledby="host-releases">
      <div className="panel-h">
        <h2 id="host-releases">{t('releases.title')}</h2>
        <span className="label">{t('releases.text')}</span>
      </div>
      {error === null ? null : <ProblemNote error={error} />}
      {data !== undefined && items.length === 0 ? <p className="ink2 chart-p">{t('releases.none')}</p> : null}
      {items.length === 0 ? null : (
        <div className="figs-scroll">
          <table className="srcs still">
            <thead>
              <tr>
                <th>{t('releases.version')}</th>
                <th>{t('releases.runs')}</th>
                <th>{t('releases.brought')}</th>
                <th>SHA-256</th>
                <DeedsHead />
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.sha256}>
                  <td className="num">{one.version}</td>
                  <td className="num">
                    {t('releases.count', { count: agents.filter(({ status }) => status?.version === one.version).length })}
                  </td>
                  <td>
                    <span className="num">{format.minute(one.created)}</span>
                    <div className="label">
                      <bdi>{one.by}</bdi> {format.bytes(one.bytes)}
                    </div>
                  </td>
                  <td className="mono" title={one.sha256}>
                    {one.sha256.slice(0, 16)}…
                  </td>
                  <td>
                    {may('agents:write') ? (
                      <Give
                        sha256={one.sha256}
                        agents={agents.filter(({ status }) => status !== null && status.version !== one.version)}
                      />
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {!may('agents:write') ? null : adding ? (
        <AddRelease
          onDone={() => {
            void client.invalidateQueries({ queryKey: ['hosts', 'releases'] })
            setAdding(false)
          }}
          onCancel={() => setAdding(false)}
        />
      ) : (
        <p className="chart-p">
          <button type="button" className="btn sm" onClick={() => setAdding(true)}>
            {t('releases.add')}
          </button>
        </p>
      )}
    </section>
  )
}

function Give({
  sha256,
  agents,
}: {
  sha256: string
  agents: readonly { readonly agent: string; readonly name: string }[]
}): ReactNode {
  const { t } = useTranslation('hosts')
  const notice = useNotice()
  const client = useQueryClient()
  const [agent, setAgent] = useState('')
  const give = useMutation({
    mutationFn: () => updateHost(agent, sha256),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['hosts'] })
      notice({ text: t('releases.given') })
      setAgent('')
    },
  })
  if (agents.length === 0) return <span className="dim">{t('releases.nobody')}</span>
  return (
    <>
      <span className="row">
        <select
          className="input"
          aria-label={t('releases.host')}
          value={agent}
          onChange={(event) => setAgent(event.target.value)}
        >
          <option value="">{t('releases.host')}</option>
          {agents.map((one) => (
            <option key={one.agent} value={one.agent}>
              {one.name}
            </option>
          ))}
        </select>
        <DeedButton type="button" className="btn sm" busy={give.isPending} disabled={agent === ''} onClick={() => give.mutate()}>
          {t('releases.give')}
        </DeedButton>
      </span>
      {give.error === null ? null : <ProblemNote error={give.error} />}
    </>
  )
}

function AddRelease({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const [version, setVersion] = useState('')
  const [signature, setSignature] = useState('')
  const [file, setFile] = useState<File | undefined>()
  const add = useMutation({
    mutationFn: async () => {
      if (file !== undefined) await addRelease(version.trim(), signature.trim(), file)
    },
    onSuccess: onDone,
  })
  return (
    <form
      className="stack chart-p"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <Field label={t('releases.version')}>
        <input
          className="input num short"
          required
          pattern="\d+(\.\d+){0,3}(-[\w.]{1,40})?"
          value={version}
          onChange={(event) => setVersion(event.target.value)}
        />
      </Field>
      <Field label={t('releases.signature')} hint={t('releases.signatureHint')}>
        <input
          className="input mono"
          required
          pattern="[A-Za-z0-9+/]{86}=="
          value={signature}
          onChange={(event) => setSignature(event.target.value)}
        />
      </Field>
      <Field label={t('releases.file')}>
        <input className="input" type="file" required onChange={(event) => setFile(event.target.files?.[0])} />
      </Field>
      <p className="row">
        <DeedButton type="submit" className="btn ink" busy={add.isPending} disabled={file === undefined}>
          {t('releases.add')}
        </DeedButton>
        <button type="button" className="btn quiet" onClick={onCancel}>
          {common('cancel')}
        </button>
      </p>
      {add.error === null ? null : <ProblemNote error={add.error} />}
    </form>
  )
}
