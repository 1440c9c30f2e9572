import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Factors, Passkey } from '../../../../src/access/people/schema.ts'
import { removePasskey, renamePasskey } from '../../../api/access.ts'
import { passkeysWork } from '../../../api/passkeys.ts'
import { Problem } from '../../../api/problem.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { AddPasskey } from '../../../components/identity/add-passkey.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { Panel } from '../panel.tsx'
import { SureButton } from '../sure-button.tsx'

/** The passkeys of the account: which there are, when each was used, adding, naming, removing. */
export function Passkeys({ factors }: { factors: Factors }): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const [added, setAdded] = useState(0)
  const refused = factors.passkeysRefused
  return (
    <Panel title={access('passkey.title')} text={access('passkey.text')}>
      {factors.passkeys.length === 0 ? null : (
        <ul className="rows boxed">
          {factors.passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} />
          ))}
        </ul>
      )}
      {refused === null ? null : (
        <ProblemNote error={new Problem(0, { code: refused.code, detail: refused.message, remedy: refused.remedy })} />
      )}
      {refused === null && passkeysWork() ? <AddPasskey key={added} onDone={() => setAdded(added + 1)} /> : null}
      {refused === null && !passkeysWork() ? <p className="label">{t('passkeys.browser')}</p> : null}
    </Panel>
  )
}

function PasskeyRow({ passkey }: { passkey: Passkey }): ReactNode {
  const { t } = useTranslation('settings')
  const format = useFormat()
  const client = useQueryClient()
  const [name, setName] = useState<string | undefined>()
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ['me'] })
  const rename = useMutation({
    mutationFn: (next: string) => renamePasskey(passkey.id, next),
    onSuccess: async () => {
      await refresh()
      setName(undefined)
    },
  })
  const remove = useMutation({ mutationFn: () => removePasskey(passkey.id), onSuccess: refresh })
  const error = rename.error ?? remove.error
  return (
    <li className="wrap">
      {name === undefined ? (
        <>
          <span className="grow">
            <b>{passkey.name}</b>
            <span className="label block">
              {passkey.lastUsed === null
                ? t('passkeys.neverUsed', { made: format.date(passkey.created) })
                : t('passkeys.used', { made: format.date(passkey.created), used: format.dateTime(passkey.lastUsed) })}
              {passkey.synced ? ` · ${t('passkeys.synced')}` : ''}
            </span>
          </span>
          <button type="button" className="btn sm quiet" onClick={() => setName(passkey.name)}>
            {t('passkeys.rename')}
          </button>
          <SureButton
            label={t('remove')}
            yes={t('remove')}
            sure={t('passkeys.removeSure')}
            pending={remove.isPending}
            onSure={() => remove.mutate()}
          />
        </>
      ) : (
        <form
          className="row grow"
          onSubmit={(event) => {
            event.preventDefault()
            rename.mutate(name.trim())
          }}
        >
          <label className="grow">
            <span className="sr">{t('passkeys.newName')}</span>
            <input className="input sm" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
          </label>
          <DeedButton type="submit" className="btn sm" busy={rename.isPending}>
            {t('save')}
          </DeedButton>
          <button type="button" className="btn sm quiet" onClick={() => setName(undefined)}>
            {t('cancel')}
          </button>
        </form>
      )}
      {error === null ? null : <ProblemNote error={error} />}
    </li>
  )
}
