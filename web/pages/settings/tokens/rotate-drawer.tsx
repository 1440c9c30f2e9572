import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { createdTokenSchema, type tokenSchema } from '../../../../src/access/schema.ts'
import { call } from '../../../api/client.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Drawer } from '../drawer.tsx'
import { NewSecret } from './new-secret.tsx'

/** How long the secret before stays good. */
const OVERLAPS = [0, 1, 24, 168] as const

/** A new secret for the same token, with time to bring it to the machines that use the one before. */
export function RotateDrawer({ token, onClose }: { token: z.infer<typeof tokenSchema>; onClose: () => void }): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const [hours, setHours] = useState<number>(24)
  const rotate = useMutation({
    mutationFn: () =>
      call(createdTokenSchema, `/api/v1/tokens/${encodeURIComponent(token.id)}/rotate`, {
        method: 'POST',
        body: { overlapHours: hours },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  return (
    <Drawer title={t('tokens.rotateTitle', { name: token.name })} lead={t('tokens.rotateText')} onClose={onClose}>
      <div className="sec stack">
        {rotate.data === undefined ? (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault()
              rotate.mutate()
            }}
          >
            <label className="field">
              <span>{t('tokens.overlap')}</span>
              <select className="input" value={hours} onChange={(event) => setHours(Number(event.target.value))}>
                {OVERLAPS.map((one) => (
                  <option key={one} value={one}>
                    {t('tokens.overlapHours', { hours: one })}
                  </option>
                ))}
              </select>
            </label>
            {rotate.error === null ? null : <ProblemNote error={rotate.error} />}
            <div className="row">
              <DeedButton type="submit" className="btn ink" busy={rotate.isPending}>
                {t('tokens.rotate')}
              </DeedButton>
              <button type="button" className="btn quiet" onClick={onClose}>
                {t('cancel')}
              </button>
            </div>
          </form>
        ) : (
          <NewSecret token={rotate.data} onKept={onClose} />
        )}
      </div>
    </Drawer>
  )
}
