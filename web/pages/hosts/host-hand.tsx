import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { agentStatesQuery, type Order } from '../../api/hosts.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Check, Field, NumberInput } from '../../components/fields.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { PlannedOrder } from './planned-order.tsx'

const DEEDS = ['isolate', 'release', 'capture', 'kill', 'quarantine', 'block', 'disable'] as const
type Deed = (typeof DEEDS)[number]

/** Whether the host is isolated, and what may be done to it: each deed shows its plan before it is done. */
export function HostHand({ agent }: { agent: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const may = useMay()
  const [deed, setDeed] = useState<Deed | undefined>()
  const { data } = useQuery({ ...agentStatesQuery, enabled: may('agents:read') })
  if (!may('agents:read')) return null
  const status = data?.items.find((one) => one.agent === agent)?.status ?? undefined
  const isolated = status?.isolated ?? undefined
  const shown = DEEDS.filter((one) => (one === 'isolate' ? isolated === undefined : one !== 'release' || isolated !== undefined))
  return (
    <>
      <h3>{t('hand.title')}</h3>
      <p className="row">
        <StateGlyph state={isolated === undefined ? 'met' : 'risk'} silent />
        {status === undefined
          ? t('hand.unknown')
          : isolated === undefined
            ? t('hand.open')
            : t('hand.isolatedSince', {
                time: format.dateTime(new Date(isolated.since).toISOString()),
                seconds: isolated.deadManSeconds,
              })}
      </p>
      {may('agents:respond') ? (
        <div className="row wrap">
          {shown.map((one) => (
            <button
              key={one}
              type="button"
              className="btn sm"
              aria-expanded={deed === one}
              onClick={() => setDeed(deed === one ? undefined : one)}
            >
              {t(`hand.${one}`)}
            </button>
          ))}
        </div>
      ) : null}
      {deed === undefined ? null : <DeedForm key={deed} agent={agent} deed={deed} onDone={() => setDeed(undefined)} />}
    </>
  )
}

function NumberField({
  label,
  max,
  value,
  onChange,
}: {
  label: string
  max: number
  value: number
  onChange: (value: number) => void
}): ReactNode {
  return (
    <Field label={label}>
      <NumberInput short min={0} max={max} value={value} onChange={onChange} />
    </Field>
  )
}

const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))

function DeedForm({ agent, deed, onDone }: { agent: string; deed: Deed; onDone: () => void }): ReactNode {
  const { t } = useTranslation('hosts')
  const client = useQueryClient()
  const [pid, setPid] = useState('')
  const [name, setName] = useState('')
  const [path, setPath] = useState('')
  const [address, setAddress] = useState('')
  const [account, setAccount] = useState('')
  const [seconds, setSeconds] = useState(900)
  const [packets, setPackets] = useState(0)
  const [before, setBefore] = useState(5)
  const [after, setAfter] = useState(0)
  const [dns, setDns] = useState(false)
  const [order, setOrder] = useState<Order | undefined>()
  const ready = useMutation({
    mutationFn: async (): Promise<Order> => {
      switch (deed) {
        case 'isolate':
          return { kind: 'isolate', params: { allow: [], dns, deadManSeconds: seconds } }
        case 'release':
          return { kind: 'release', params: {} }
        case 'capture':
          return {
            kind: 'collect',
            params: {
              ...{ paths: linesOf(path), processes: true, packetSeconds: packets },
              ...{ beforeSeconds: before * 60, afterSeconds: after * 60 },
            },
          }
        case 'kill':
          return { kind: 'kill', params: { pid: Number(pid), name: name.trim() } }
        case 'quarantine':
          return { kind: 'quarantine', params: { path } }
        case 'block':
          return { kind: 'block-address', params: { address: address.trim() } }
        case 'disable':
          return { kind: 'disable-account', params: { account: account.trim() } }
      }
    },
    onSuccess: setOrder,
  })
  if (order !== undefined)
    return (
      <PlannedOrder
        agent={agent}
        order={order}
        onCancel={() => setOrder(undefined)}
        onDone={() => {
          void client.invalidateQueries({ queryKey: ['hosts'] })
          onDone()
        }}
      />
    )
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        ready.mutate()
      }}
    >
      {deed === 'isolate' ? (
        <>
          <Field label={t('hand.deadMan')}>
            <NumberInput short min={3} max={86_400} value={seconds} onChange={setSeconds} />
          </Field>
          <Check label={t('hand.dns')} checked={dns} onChange={setDns} />
        </>
      ) : null}
      {deed === 'kill' ? (
        <>
          <Field label={t('hand.pid')}>
            <input
              className="input num short"
              type="number"
              required
              min={2}
              max={4_194_304}
              value={pid}
              onChange={(event) => setPid(event.target.value)}
            />
          </Field>
          <Field label={t('hand.name')}>
            <input
              className="input mono"
              required
              maxLength={255}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </Field>
        </>
      ) : null}
      {deed === 'quarantine' ? (
        <Field label={t('hand.path')}>
          <input
            className="input mono"
            required
            pattern="/.+"
            maxLength={4_096}
            value={path}
            onChange={(event) => setPath(event.target.value)}
          />
        </Field>
      ) : null}
      {deed === 'block' ? (
        <Field label={t('hand.address')}>
          <input
            className="input mono"
            required
            maxLength={45}
            value={address}
            onChange={(event) => setAddress(event.target.value)}
          />
        </Field>
      ) : null}
      {deed === 'disable' ? (
        <Field label={t('hand.account')}>
          <input
            className="input mono"
            required
            maxLength={63}
            value={account}
            onChange={(event) => setAccount(event.target.value)}
          />
        </Field>
      ) : null}
      {deed === 'capture' ? (
        <>
          <Field label={t('hand.paths')}>
            <textarea className="input mono" rows={3} value={path} onChange={(event) => setPath(event.target.value)} />
          </Field>
          <NumberField label={t('hand.packets')} max={300} value={packets} onChange={setPackets} />
          <NumberField label={t('hand.before')} max={60} value={before} onChange={setBefore} />
          <NumberField label={t('hand.after')} max={10} value={after} onChange={setAfter} />
        </>
      ) : null}
      <p>
        <DeedButton type="submit" className="btn" busy={ready.isPending}>
          {t('hand.show')}
        </DeedButton>
      </p>
    </form>
  )
}
