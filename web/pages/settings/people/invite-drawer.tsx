import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { invitePerson, type RoleAt } from '../../../api/access.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useSession } from '../../../components/session.ts'
import { Drawer } from '../drawer.tsx'
import { keyOf } from './held-roles.ts'
import { OneTimeLink } from './one-time-link.tsx'
import { RoleGrid } from './role-grid.tsx'

/** A new account: its name, its roles, and a link with which the person chooses a password or passkey. */
export function InviteDrawer({ grantable, onClose }: { grantable: readonly RoleAt[]; onClose: () => void }): ReactNode {
  const { t } = useTranslation('settings')
  const { scope } = useSession()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [display, setDisplay] = useState('')
  const [email, setEmail] = useState('')
  const [roles, setRoles] = useState<readonly RoleAt[]>(() => grantable.filter((one) => keyOf(one) === `${scope} viewer`))
  const invite = useMutation({
    mutationFn: () =>
      invitePerson({ name: name.trim(), display: display.trim(), email: email.trim() === '' ? null : email.trim(), roles }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['people'] }),
  })
  const made = invite.data
  return (
    <Drawer title={t('people.invite')} lead={t('invite.text')} onClose={onClose}>
      {made === undefined ? (
        <form
          className="stack sec"
          onSubmit={(event) => {
            event.preventDefault()
            invite.mutate()
          }}
        >
          <label className="field">
            <span>{t('invite.name')}</span>
            <input
              className="input"
              required
              maxLength={80}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <div className="row ask">
            <label className="field grow">
              <span>{t('invite.display')}</span>
              <input
                className="input"
                maxLength={80}
                autoComplete="off"
                value={display}
                onChange={(event) => setDisplay(event.target.value)}
              />
            </label>
            <label className="field grow">
              <span>{t('invite.email')}</span>
              <input
                className="input"
                type="email"
                maxLength={254}
                autoComplete="off"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            </label>
          </div>
          <RoleGrid chosen={roles} grantable={grantable} locked={[]} onChange={setRoles} />
          {roles.length === 0 ? <p className="label">{t('invite.noRoles')}</p> : null}
          {invite.error === null ? null : <ProblemNote error={invite.error} />}
          <div className="row">
            <DeedButton type="submit" className="btn ink" busy={invite.isPending}>
              {t('invite.submit')}
            </DeedButton>
            <button type="button" className="btn quiet" onClick={onClose}>
              {t('cancel')}
            </button>
          </div>
        </form>
      ) : (
        <div className="stack sec">
          <OneTimeLink
            link={made.invite.link}
            expires={made.invite.expires}
            text={t('invite.done', { name: made.person.name })}
          />
          <div>
            <button type="button" className="btn" onClick={onClose}>
              {t('link.sent')}
            </button>
          </div>
        </div>
      )}
    </Drawer>
  )
}
