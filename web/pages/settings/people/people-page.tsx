import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Person } from '../../../../src/access/people/schema.ts'
import { peopleQuery } from '../../../api/access.ts'
import { Icon } from '../../../components/icon.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay, useSession } from '../../../components/session.ts'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { useNow } from '../../../components/use-now.ts'
import { SettingsHead } from '../settings-page.tsx'
import { Conflicts } from './conflicts.tsx'
import { factorKey } from './factor-key.ts'
import { InviteDrawer } from './invite-drawer.tsx'
import { PersonDrawer } from './person-drawer.tsx'
import { RoleWords } from './role-words.tsx'

const route = getRouteApi('/house/settings/people')

/** Who has an account here, with which roles where; inviting, changing and ending accounts. */
export function PeoplePage(): ReactNode {
  const { t } = useTranslation('settings')
  const { person: open, invite } = route.useSearch()
  const navigate = useNavigate({ from: '/settings/people' })
  const may = useMay()
  const { data, error, refetch } = useQuery(peopleQuery)
  const close = (): void => void navigate({ search: {} })
  const chosen = data?.items.find(({ id }) => id === open)
  const active = data?.items.filter((person) => person.active) ?? []
  const ended = data?.items.filter((person) => !person.active) ?? []
  return (
    <>
      <SettingsHead title={t('section.people')} lead={t('people.lead')}>
        {may('access:write') ? (
          <button type="button" className="btn ink" onClick={() => void navigate({ search: { invite: true } })}>
            <Icon name="plus" />
            {t('people.invite')}
          </button>
        ) : null}
      </SettingsHead>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? null : (
        <div className="stack">
          <section className="sheet scroll-x">
            <PeopleTable people={[...active, ...ended]} />
          </section>
          <Conflicts />
        </div>
      )}
      {invite === true && data !== undefined ? <InviteDrawer grantable={data.grantable} onClose={close} /> : null}
      {chosen === undefined || data === undefined ? null : (
        <PersonDrawer key={chosen.id} person={chosen} grantable={data.grantable} onClose={close} />
      )}
    </>
  )
}

function PeopleTable({ people }: { people: readonly Person[] }): ReactNode {
  const { t } = useTranslation('settings')
  const { user } = useSession()
  const format = useFormat()
  const now = useNow()
  return (
    <table className="srcs still people">
      <thead>
        <tr>
          <th scope="col">{t('people.col.name')}</th>
          <th scope="col">{t('people.col.roles')}</th>
          <th scope="col">{t('people.col.factor')}</th>
          <th scope="col">{t('people.col.seen')}</th>
          <th scope="col" className="x">
            {t('people.col.origin')}
          </th>
          <th scope="col">{t('people.col.state')}</th>
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <tr key={person.id} className={person.active ? '' : 'ended'}>
            <td>
              <Link className="name" to="/settings/people" search={{ person: person.id }}>
                {person.display === '' ? person.name : person.display}
              </Link>
              {person.id === user.id ? <span className="chip">{t('people.you')}</span> : null}
              <span className="label block">{person.display === '' ? (person.email ?? '') : person.name}</span>
            </td>
            <td>
              <RoleWords person={person} />
            </td>
            <td>
              <Factor person={person} />
            </td>
            <td className="num">
              {person.lastSeen === null ? t('people.never') : t('people.ago', { age: format.age(person.lastSeen, now) })}
            </td>
            <td className="x">{t(`people.origin.${person.origin}`)}</td>
            <td>
              <State person={person} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Factor({ person }: { person: Person }): ReactNode {
  const { t } = useTranslation('settings')
  return (
    <span className="row">
      <StateGlyph state={person.secondFactor ? 'met' : 'gone'} silent />
      <span className="nw">{t(factorKey(person))}</span>
    </span>
  )
}

function State({ person, now }: { person: Person; now: number }): ReactNode {
  const { t } = useTranslation('settings')
  const format = useFormat()
  if (!person.active) return <span className="dim">{t('people.state.ended')}</span>
  if (person.breakGlass) return <span className="chip">{t('people.state.emergency')}</span>
  if (person.invited !== null) {
    return Date.parse(person.invited) > now ? (
      <span>{t('people.state.invited', { until: format.dateTime(person.invited) })}</span>
    ) : (
      <span className="dim">{t('people.state.lapsed')}</span>
    )
  }
  return person.sessions === 0 ? (
    <span className="dim">{t('people.state.away')}</span>
  ) : (
    <span>{t('people.state.here', { count: person.sessions })}</span>
  )
}
