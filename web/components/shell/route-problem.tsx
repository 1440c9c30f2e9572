import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../../api/problem.ts'
import { ProblemNote } from '../problem-note.tsx'

export function RouteProblem({ error, reset }: ErrorComponentProps): ReactNode {
  const { t } = useTranslation()
  const router = useRouter()
  // Its search parameters make no sense to the page that they name.
  if (error instanceof Error && 'routerCode' in error && error.routerCode === 'VALIDATE_SEARCH') return <NotFound />
  return (
    <main className="main alone" id="main">
      <ProblemNote
        error={error}
        retry={() => {
          reset()
          void router.invalidate()
        }}
      />
      {error instanceof Problem && error.code === 'foreign_scope' ? (
        <p className="more">
          <button
            type="button"
            className="btn"
            onClick={() => void router.navigate({ to: '/', search: { scope: undefined } }).then(reset)}
          >
            {t('problem.leave')}
          </button>
        </p>
      ) : null}
    </main>
  )
}

export function NotFound(): ReactNode {
  const { t } = useTranslation()
  return (
    <main className="main alone empty" id="main">
      <h1>{t('notFound.title')}</h1>
      <p>{t('notFound.text')}</p>
      <p>
        <Link to="/" className="btn">
          {t('notFound.home')}
        </Link>
      </p>
    </main>
  )
}
