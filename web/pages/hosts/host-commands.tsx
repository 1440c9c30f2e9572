import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CommandView } from '../../../src/hosts/schema.ts'
import { AGENT_UNDO, type AgentCommandKind } from '../../../src/kernel/agent-command.ts'
import { tell } from '../../api/client.ts'
import { hostCommandsQuery, type Order } from '../../api/hosts.ts'
import { CaptureView } from '../../components/capture-view.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { PlannedOrder } from './planned-order.tsx'

const GLYPH: Readonly<Record<CommandView['state'], GlyphState>> = {
  waiting: 'risk',
  given: 'risk',
  done: 'met',
  failed: 'miss',
  expired: 'gone',
  withdrawn: 'gone',
}

/** What takes a command back, by its receipt. */
function undoOf({ kind, state, receipt }: CommandView): Order | undefined {
  const back = AGENT_UNDO[kind as AgentCommandKind]
  if (back === undefined || state !== 'done' || receipt?.undo === undefined) return undefined
  return { kind: back, params: receipt.undo }
}

const artefactOf = ({ kind, receipt }: CommandView): string | undefined => {
  const artefact = kind === 'collect' ? receipt?.detail['artefact'] : undefined
  return typeof artefact === 'string' ? artefact : undefined
}

/** What the host was told to do and what came of it; what can be taken back can be from here. */
export function HostCommands({ agent }: { agent: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const may = useMay()
  const { data, error } = useQuery({ ...hostCommandsQuery(agent), enabled: may('agents:read') })
  if (!may('agents:read')) return null
  return (
    <>
      <h3>{t('told.title')}</h3>
      {error === null ? null : <ProblemNote error={error} />}
      {data !== undefined && data.items.length === 0 ? <p className="ink2">{t('told.none')}</p> : null}
      {data?.items.map((command) => (
        <Told key={command.id} agent={agent} command={command} />
      ))}
    </>
  )
}

function Told({ agent, command }: { agent: string; command: CommandView }): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const [open, setOpen] = useState<'undo' | 'look' | undefined>()
  const withdraw = useMutation({
    mutationFn: () => tell(`/api/v1/agent-commands/${command.id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['hosts', 'commands'] }),
  })
  const undo = undoOf(command)
  const artefact = artefactOf(command)
  const params = JSON.stringify(command.params)
  const toggle = (what: 'undo' | 'look') => setOpen(open === what ? undefined : what)
  return (
    <article className="sec">
      <p className="row wrap">
        <StateGlyph state={GLYPH[command.state]} silent />
        <span className="num">{format.minute(command.created)}</span>
        <b>{t(`told.kind.${command.kind}`)}</b>
        <span>{t(`told.state.${command.state}`)}</span>
        <bdi className="ink2">{command.by}</bdi>
        {command.state === 'waiting' && may('agents:respond') ? (
          <DeedButton type="button" className="btn sm" busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
            {t('told.withdraw')}
          </DeedButton>
        ) : null}
        {undo !== undefined && may('agents:respond') ? (
          <button type="button" className="btn sm" aria-expanded={open === 'undo'} onClick={() => toggle('undo')}>
            {t('told.undo')}
          </button>
        ) : null}
        {artefact !== undefined && may('artefacts:read') ? (
          <button type="button" className="btn sm" aria-expanded={open === 'look'} onClick={() => toggle('look')}>
            {t('told.look')}
          </button>
        ) : null}
      </p>
      {params === '{}' ? null : (
        <p className="mono label wrap">
          <bdi>{params}</bdi>
        </p>
      )}
      {command.reason === null ? null : (
        <p className="label">
          <bdi>{command.reason}</bdi>
        </p>
      )}
      {command.failed === null ? null : (
        <p className="label bad" lang="en">
          {command.failed}
        </p>
      )}
      {withdraw.error === null ? null : <ProblemNote error={withdraw.error} />}
      {open === 'undo' && undo !== undefined ? (
        <PlannedOrder
          agent={agent}
          order={undo}
          onCancel={() => setOpen(undefined)}
          onDone={() => {
            void client.invalidateQueries({ queryKey: ['hosts'] })
            setOpen(undefined)
          }}
        />
      ) : null}
      {open === 'look' && artefact !== undefined ? <CaptureView artefact={artefact} /> : null}
    </article>
  )
}
