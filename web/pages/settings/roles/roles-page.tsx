import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { rolesQuery } from '../../../api/access.ts'
import { Icon } from '../../../components/icon.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useSession } from '../../../components/session.ts'
import { SettingsHead } from '../settings-page.tsx'
import { permissionKey, permissionRows } from './permission-rows.ts'

/** What each role is for and what it allows, as the server applies it. */
export function RolesPage(): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const { user } = useSession()
  const { data, error, refetch } = useQuery(rolesQuery)
  const caption = useId()
  return (
    <>
      <SettingsHead title={t('section.roles')} lead={t('roles.lead')} />
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? null : (
        <div className="stack">
          <section className="sheet">
            <dl className="role-list">
              {data.items.map(({ role }) => (
                <div key={role}>
                  <dt>
                    {access(`role.${role}`)}
                    {user.roles.includes(role) ? <span className="chip">{t('roles.yours')}</span> : null}
                  </dt>
                  <dd>{t(`roles.about.${role}`)}</dd>
                </div>
              ))}
            </dl>
          </section>
          <section className="sheet scroll-x" aria-labelledby={caption}>
            <div className="panel-h">
              <h2 id={caption}>{t('roles.table')}</h2>
            </div>
            <table className="srcs still grid-t">
              <thead>
                <tr>
                  <th scope="col">{t('roles.may')}</th>
                  {data.items.map(({ role }) => (
                    <th key={role} scope="col" className="c">
                      {access(`role.${role}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {permissionRows(data).map((row) => (
                  <tr key={row.permission}>
                    <th scope="row">{t(permissionKey(row.permission) as 'permission.events-read')}</th>
                    {data.items.map(({ role }) => (
                      <td key={role} className="c">
                        {row.roles.has(role) ? (
                          <>
                            <Icon name="check" />
                            <span className="sr">{t('roles.yes')}</span>
                          </>
                        ) : row.everywhere.has(role) ? (
                          <span className="label">{t('roles.everywhere')}</span>
                        ) : (
                          <span className="sr">{t('roles.no')}</span>
                        )}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
            <p className="label chart-p note-place">{t('roles.everywhereNote')}</p>
          </section>
          <section className="sheet">
            <div className="panel-h">
              <h2>{t('roles.conflicts')}</h2>
            </div>
            <div className="chart-p">
              <p className="ink2">{t('roles.conflictsText')}</p>
              <ul className="bullets">
                {data.conflicts.map(([one, other]) => (
                  <li key={`${one} ${other}`}>
                    {t('roles.pair', { one: access(`role.${one}`), other: access(`role.${other}`) })}
                  </li>
                ))}
              </ul>
            </div>
          </section>
        </div>
      )}
    </>
  )
}
