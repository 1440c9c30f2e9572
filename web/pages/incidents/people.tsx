import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { IncidentDetail } from '../../../src/respond/incidents/schema.ts'
import { Field } from '../../components/fields.tsx'
import { useSession } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { Panel } from '../settings/panel.tsx'
import type { AskedDeed } from './use-deed.ts'

const ROLES = ['commander', 'communications', 'technical-lead', 'scribe'] as const
type Act = (asked: AskedDeed, done?: () => void) => void

/** Who leads, who talks, who digs, who writes; and the hand-over to the next shift. */
export function People({ incident, act }: { incident: IncidentDetail; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const [editing, setEditing] = useState<(typeof ROLES)[number] | 'hand-over' | null>(null)
  return (
    <Panel
      title={t('people.title')}
      end={
        act === undefined ? undefined : (
          <button type="button" className="btn sm" onClick={() => setEditing('hand-over')}>
            {t('people.handOver')}
          </button>
        )
      }
    >
      <ul className="rows">
        {ROLES.map((role) => {
          const held = incident.roles.find((one) => one.role === role)
          return (
            <li key={role} className="wrap">
              <span className="grow">
                <span className="label block">{t(`role.${role}`)}</span>
                {held === undefined ? <span className="dim">{t('people.nobody')}</span> : <b>{held.person}</b>}
                {held === undefined ? null : (
                  <span className="label"> {t('people.since', { time: format.dateTime(held.since) })}</span>
                )}
              </span>
              {act === undefined || editing === role ? null : (
                <button type="button" className="btn sm quiet" onClick={() => setEditing(role)}>
                  {t(held === undefined ? 'people.name' : 'people.change')}
                </button>
              )}
              {act !== undefined && editing === role ? (
                <RoleForm
                  before={held?.person ?? ''}
                  onClose={() => setEditing(null)}
                  onSave={(person) => act({ do: 'role', role, person }, () => setEditing(null))}
                />
              ) : null}
            </li>
          )
        })}
      </ul>
      {act !== undefined && editing === 'hand-over' ? <HandOver act={act} onClose={() => setEditing(null)} /> : null}
    </Panel>
  )
}

function RoleForm({
  before,
  onSave,
  onClose,
}: {
  before: string
  onSave: (person: string | null) => void
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const session = useSession()
  const [person, setPerson] = useState(before === '' ? session.user.name : before)
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        onSave(person.trim() === '' ? null : person)
      }}
    >
      <Field label={t('people.who')}>
        <input className="input" value={person} maxLength={120} onChange={(event) => setPerson(event.target.value)} />
      </Field>
      <button type="submit" className="btn ink">
        {t('save')}
      </button>
      <button type="button" className="btn quiet" onClick={onClose}>
        {common('cancel')}
      </button>
    </form>
  )
}

function HandOver({ act, onClose }: { act: Act; onClose: () => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const [to, setTo] = useState('')
  const [note, setNote] = useState('')
  const ready = to.trim() !== '' && note.trim() !== ''
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) act({ do: 'hand-over', to, note }, onClose)
      }}
    >
      <Field label={t('people.to')}>
        <input className="input" value={to} maxLength={120} onChange={(event) => setTo(event.target.value)} />
      </Field>
      <Field label={t('people.note')} hint={t('people.noteHint')}>
        <textarea className="input" rows={3} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
      <div className="row">
        <button type="submit" className="btn ink" disabled={!ready}>
          {t('people.handOver')}
        </button>
        <button type="button" className="btn quiet" onClick={onClose}>
          {common('cancel')}
        </button>
      </div>
    </form>
  )
}
