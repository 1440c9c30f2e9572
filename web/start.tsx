import { hashKey, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { I18nextProvider } from 'react-i18next'
import { Problem } from './api/problem.ts'
import { chosenScope } from './api/scope.ts'
import { PreferencesProvider, readPreferences } from './components/preferences.tsx'
import { forgetHouse } from './components/use-sign-out.ts'
import { startI18n } from './i18n/i18n.ts'
import { buildRouter } from './router.tsx'

/** Builds the page into #root. */
export async function start(): Promise<void> {
  const preferences = readPreferences()
  const i18n = await startI18n(preferences.lang)
  const place = document.getElementById('root')
  if (place === null) throw new Error('index.html has no #root')
  createRoot(place, {
    // A refusal is shown on the page, in words; the browser's log is for what nobody expected.
    onCaughtError: (error) => {
      if (!(error instanceof Problem)) console.error(error)
    },
  }).render(
    <StrictMode>
      <I18nextProvider i18n={i18n}>
        <PreferencesProvider initial={preferences}>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </PreferencesProvider>
      </I18nextProvider>
    </StrictMode>,
  )
}

const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] === 'session') return
      if (error instanceof Problem && error.status === 401) {
        leave()
      }
    },
  }),
  defaultOptions: {
    queries: {
      // An answer belongs to the scope it was asked in: no view ever shows another's.
      queryKeyHashFn: (key) => `${chosenScope() ?? ''} ${hashKey(key)}`,
      staleTime: 5_000,
      // A refusal does not change by asking again; a lost line may.
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
      refetchOnWindowFocus: true,
    },
  },
})
const router = buildRouter(queryClient)

/** The session has ended, here or from elsewhere: to the door, and back to this page after it. */
function leave(): void {
  const { pathname, href } = router.state.location
  if (pathname === '/sign-in') return
  // What the page shows is forgotten once it is left: before that it would only be asked for again.
  void router.navigate({ to: '/sign-in', search: { scope: undefined, to: href } }).then(() => forgetHouse(queryClient))
}
