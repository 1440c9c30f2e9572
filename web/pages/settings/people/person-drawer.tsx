import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Person } from '../../../../src/access/people/schema.ts'
import {
  changePerson,
  endPersonSession,
  personSessionsQuery,
  type RoleAt,
  resetPerson,
  setAuditPeriod,
  setRoles,
} from '../../../api/access.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { useNotice } from '../../../components/notice.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { useFormat } from '../../../components/use-format.ts'
import { Drawer } from '../drawer.tsx'
import { daysOfPeriod, PeriodFields, periodOfDays } from '../period-fields.tsx'
import { SessionRows } from '../session-rows.tsx'
import { Ending } from './ending.tsx'
import { factorKey } from './factor-key.ts'
import { keptElsewhere } from './held-roles.ts'
import { OneTimeLink } from './one-time-link.tsx'
import { RoleGrid } from './role-grid.tsx'
import { RoleWords } from './role-words.tsx'

/** One person: who they are, roles, sessions, a new link, and the end of the account. */
export function PersonDrawer({
  person,
  grantable,
  onClose,
}: {
  person: Person
  grantable: readonly RoleAt[]
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('settings')
  const format = useFormat()
  const may = useMay()
  const writable = person.editable && may('access:write')
  return (
    <Drawer
      title={person.display === '' ? person.name : person.display}
      {...(person.display === '' ? {} : { lead: person.name })}
      onClose={onClose}
    >
      <div className="facts sec">
        <div>
          <span className="label">{t('people.col.origin')}</span>
          <b>{t(`people.origin.${person.origin}`)}</b>
        </div>
        <div>
          <span className="label">{t('people.col.factor')}</span>
          <b>{t(factorKey(person))}</b>
        </div>
        <div>
          <span className="label">{t('people.created')}</span>
          <b className="num">{format.date(person.created)}</b>
        </div>
        <div>
          <span className="label">{t('people.col.seen')}</span>
          <b className="num">{person.lastSeen === null ? t('people.never') : format.dateTime(person.lastSeen)}</b>
        </div>
      </div>
      {writable && person.origin === 'local' ? <Names person={person} /> : null}
      <div className="sec">
        <h3>{t('people.col.roles')}</h3>
        {writable ? <Roles person={person} grantable={grantable} /> : <RoleWords person={person} />}
      </div>
      {writable && person.roles.some(({ role }) => role === 'examiner') ? <AuditPeriod person={person} /> : null}
      <PersonSessions person={person} writable={writable} />
      {writable && person.active && person.origin === 'local' ? <Reset person={person} /> : null}
      {writable ? <Ending person={person} /> : null}
    </Drawer>
  )
}

function Names({ person }: { person: Person }): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const notice = useNotice()
  const [display, setDisplay] = useState(person.display)
  const [email, setEmail] = useState(person.email ?? '')
  const save = useMutation({
    mutationFn: () => changePerson(person.id, { display: display.trim(), email: email.trim() === '' ? null : email.trim() }),
    onSuccess: () => {
      notice({ text: t('saved') })
      void client.invalidateQueries({ queryKey: ['people'] })
    },
  })
  const same = display === person.display && email === (person.email ?? '')
  return (
    <form
      className="sec stack"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <div className="row ask">
        <label className="field grow">
          <span>{t('invite.display')}</span>
          <input className="input" maxLength={80} value={display} onChange={(event) => setDisplay(event.target.value)} />
        </label>
        <label className="field grow">
          <span>{t('invite.email')}</span>
          <input
            className="input"
            type="email"
            maxLength={254}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </label>
        <DeedButton type="submit" className="btn" busy={save.isPending} disabled={same}>
          {t('save')}
        </DeedButton>
      </div>
      {save.error === null ? null : <ProblemNote error={save.error} />}
    </form>
  )
}

function Roles({ person, grantable }: { person: Person; grantable: readonly RoleAt[] }): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const notice = useNotice()
  const local = person.roles.filter(({ origin }) => origin === 'local').map(({ role, scope }) => ({ role, scope }))
  const [chosen, setChosen] = useState<readonly RoleAt[]>(local)
  const save = useMutation({
    mutationFn: () => setRoles(person.id, chosen),
    onSuccess: () => {
      notice({ text: t('roles.saved', { name: person.name }) })
      void client.invalidateQueries({ queryKey: ['people'] })
    },
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <RoleGrid chosen={chosen} grantable={grantable} locked={keptElsewhere(person)} onChange={setChosen} />
      {save.error === null ? null : <ProblemNote error={save.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={save.isPending}>
          {t('roles.save')}
        </DeedButton>
        <span className="label">{t('roles.effect')}</span>
      </div>
    </form>
  )
}

function AuditPeriod({ person }: { person: Person }): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const notice = useNotice()
  const [days, setDays] = useState(daysOfPeriod(person.auditPeriod))
  const save = useMutation({
    mutationFn: () => setAuditPeriod(person.id, periodOfDays(days)),
    onSuccess: () => {
      notice({ text: t('saved') })
      void client.invalidateQueries({ queryKey: ['people'] })
    },
  })
  return (
    <form
      className="sec stack"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <h3>{t('auditPeriod.title')}</h3>
      <p className="ink2">{t('tokens.periodHint')}</p>
      <div className="row ask">
        <PeriodFields days={days} onChange={setDays} />
        <DeedButton type="submit" className="btn" busy={save.isPending}>
          {t('save')}
        </DeedButton>
      </div>
      {save.error === null ? null : <ProblemNote error={save.error} />}
    </form>
  )
}

function PersonSessions({ person, writable }: { person: Person; writable: boolean }): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const sessions = useQuery(personSessionsQuery(person.id))
  const end = useMutation({
    mutationFn: (id: string) => endPersonSession(person.id, id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['people'] }),
  })
  const items = sessions.data?.items ?? []
  const error = sessions.error ?? end.error
  return (
    <div className="sec">
      <h3>{t('sessions.title')}</h3>
      {error === null ? null : <ProblemNote error={error} />}
      {sessions.data !== undefined && items.length === 0 ? <p className="dim">{t('sessions.none')}</p> : null}
      {items.length === 0 ? null : (
        <SessionRows sessions={items} pending={end.isPending} onEnd={writable ? (id) => end.mutate(id) : undefined} />
      )}
    </div>
  )
}

function Reset({ person }: { person: Person }): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const [factors, setFactors] = useState(false)
  const reset = useMutation({
    mutationFn: () => resetPerson(person.id, factors),
    onSuccess: () => client.invalidateQueries({ queryKey: ['people'] }),
  })
  return (
    <div className="sec stack">
      <h3>{t('reset.title')}</h3>
      {reset.data === undefined ? (
        <>
          <p className="ink2">{t('reset.text')}</p>
          <label className="tick">
            <input type="checkbox" checked={factors} onChange={(event) => setFactors(event.target.checked)} />
            <span>{t('reset.factors')}</span>
          </label>
          {reset.error === null ? null : <ProblemNote error={reset.error} />}
          <div>
            <DeedButton type="button" className="btn" busy={reset.isPending} onClick={() => reset.mutate()}>
              {t('reset.make')}
            </DeedButton>
          </div>
        </>
      ) : (
        <OneTimeLink link={reset.data.link} expires={reset.data.expires} text={t('reset.done', { name: person.name })} />
      )}
    </div>
  )
}
