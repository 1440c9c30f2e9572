import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addPasskey } from '../../api/access.ts'
import { DeedButton } from '../deed-button.tsx'
import { ProblemNote } from '../problem-note.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

/** Adds a passkey of this device under a name that tells it from the others. */
export function AddPasskey({ onDone }: { onDone: () => void }): ReactNode {
  const { t } = useTranslation('access')
  const client = useQueryClient()
  const [name, setName] = useState('')
  const add = useMutation({
    mutationFn: () => addPasskey(name.trim()),
    onSuccess: ({ codes }) => {
      if (codes === null) finish()
    },
  })
  const finish = (): void => {
    add.reset()
    setName('')
    void client.invalidateQueries({ queryKey: ['me'] })
    onDone()
  }
  if (add.data?.codes != null) return <RecoveryCodes codes={add.data.codes} onKept={finish} />
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <div className="row ask">
        <label className="field grow">
          <span>{t('passkey.name')}</span>
          <input
            className="input"
            required
            maxLength={80}
            placeholder={t('passkey.nameHint')}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <DeedButton type="submit" className="btn" busy={add.isPending}>
          {t('passkey.add')}
        </DeedButton>
      </div>
      {add.error === null ? null : <ProblemNote error={add.error} />}
    </form>
  )
}
