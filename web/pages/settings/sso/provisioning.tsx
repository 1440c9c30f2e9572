import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { scimGroupRolesReplySchema, type scimGroupsSchema } from '../../../../src/access/scim/schema.ts'
import type { GroupRole } from '../../../../src/access/sso/schema.ts'
import { call } from '../../../api/client.ts'
import { scimGroupsQuery, scimQuery } from '../../../api/house-queries.ts'
import { Code } from '../../../components/copy.tsx'
import { DeedButton } from '../../../components/deed-button.tsx'
import { useNotice } from '../../../components/notice.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { useNow } from '../../../components/use-now.ts'
import { RolesEditor } from './roles-editor.tsx'

type Group = z.infer<typeof scimGroupsSchema>['items'][number]

/** SCIM: the identity provider makes and ends accounts by itself; what its groups give is said here. */
export function Provisioning(): ReactNode {
  const { t } = useTranslation('sso')
  const format = useFormat()
  const now = useNow()
  const { data, error, refetch } = useQuery(scimQuery)
  const groups = useQuery(scimGroupsQuery)
  return (
    <section className="sheet" aria-labelledby="scim">
      <div className="panel-h">
        <h2 id="scim">{t('scim.title')}</h2>
        {data === undefined ? null : (
          <span className="label end num">{t('scim.users', { active: data.users.active, inactive: data.users.inactive })}</span>
        )}
      </div>
      <div className="chart-p prose">
        <p>{t('scim.text')}</p>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? null : (
        <div className="chart-p form">
          <div className="field">
            <span>{t('scim.base')}</span>
            <Code text={data.baseUrl} />
          </div>
          <div className="field">
            <span>{t('scim.tokens')}</span>
            {data.tokens.length === 0 ? <p>{t('scim.noToken')}</p> : null}
            {data.tokens.map((token) => (
              <p key={token.id}>
                <b>
                  <bdi>{token.name}</bdi>
                </b>{' '}
                <span className="dim num">
                  {token.lastUsed === null ? t('scim.unused') : t('scim.used', { age: format.age(token.lastUsed, now) })}
                </span>
              </p>
            ))}
            <p>
              <Link to="/settings/tokens">{t('scim.toTokens')}</Link>
            </p>
          </div>
        </div>
      )}
      {groups.error === null ? null : <ProblemNote error={groups.error} retry={() => void groups.refetch()} />}
      {groups.data === undefined || groups.data.items.length === 0 ? null : (
        <table className="srcs still">
          <thead>
            <tr>
              <th>{t('scim.group')}</th>
              <th className="r">{t('scim.members')}</th>
              <th>{t('scim.gives')}</th>
            </tr>
          </thead>
          <tbody>
            {groups.data.items.map((group) => (
              <GroupRow key={`${group.id} ${group.updated}`} group={group} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function GroupRow({ group }: { group: Group }): ReactNode {
  const { t } = useTranslation('sso')
  const format = useFormat()
  const client = useQueryClient()
  const notice = useNotice()
  const [roles, setRoles] = useState<GroupRole[]>(group.roles)
  const changed = JSON.stringify(roles) !== JSON.stringify(group.roles)
  const save = useMutation({
    mutationFn: () =>
      call(scimGroupRolesReplySchema, `/api/v1/scim/groups/${group.id}/roles`, { method: 'PUT', body: { roles } }),
    onSuccess: async ({ members }) => {
      await client.invalidateQueries({ queryKey: ['sso'] })
      notice({ text: t('scim.saved', { group: group.name, members }) })
    },
  })
  return (
    <tr>
      <td className="named">
        <b>
          <bdi>{group.name}</bdi>
        </b>
      </td>
      <td className="r num">{format.count(group.members)}</td>
      <td>
        <RolesEditor about={group.name} roles={roles} onChange={setRoles} />
        {changed ? (
          <p className="row sec-sm">
            <DeedButton type="button" className="btn sm ink" busy={save.isPending} onClick={() => save.mutate()}>
              {t('form.save')}
            </DeedButton>
            <span className="label">{t('scim.atOnce', { count: group.members })}</span>
          </p>
        ) : null}
        {save.error === null ? null : <ProblemNote error={save.error} />}
      </td>
    </tr>
  )
}
