import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import type { createdTokenSchema } from '../../../../src/access/schema.ts'
import { Code } from '../../../components/copy.tsx'
import { curlLine } from '../../../components/curl.ts'

/** A token's secret, told once, with a line that proves it where it sends events. */
export function NewSecret({ token, onKept }: { token: z.infer<typeof createdTokenSchema>; onKept: () => void }): ReactNode {
  const { t } = useTranslation('access')
  return (
    <div role="status">
      <p>{t('tokens.once')}</p>
      <Code text={token.token} />
      {token.scope === 'ingest' ? (
        <>
          <p className="sec label">{t('tokens.try')}</p>
          <Code prompt text={curlLine(token.token)} />
        </>
      ) : null}
      <p className="sec">
        <button type="button" className="btn" onClick={onKept}>
          {t('tokens.done')}
        </button>
      </p>
    </div>
  )
}
