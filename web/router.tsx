import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { z } from 'zod'
import { CRITICALITIES } from '../src/access/assets/schema.ts'
import { Problem } from './api/problem.ts'
import { sessionQuery } from './api/queries.ts'
import { chooseScope } from './api/scope.ts'
import { NotFound, RouteProblem } from './components/shell/route-problem.tsx'
import { Shell } from './components/shell/shell.tsx'

/** Every view is a URL: what a person has chosen is in the address, and a copied address shows the same. */

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  /** The scope that every question of the page is asked in; links keep it. */
  validateSearch: z.object({ scope: z.coerce.string().optional() }),
  search: { middlewares: [retainSearchParams(['scope'])] },
  beforeLoad: ({ search, preload }) => {
    if (!preload) chooseScope(search.scope)
  },
  notFoundComponent: NotFound,
  errorComponent: RouteProblem,
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: z.object({
    /** Where the person wanted to be; followed only inside the console. */
    to: z.string().optional(),
    /** Why the identity provider sent the person back. */
    problem: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/access/sign-in.tsx'), 'SignInPage'),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: z.object({ token: z.coerce.string().optional() }),
  component: lazyRouteComponent(() => import('./pages/access/setup.tsx'), 'SetupPage'),
})

const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite',
  validateSearch: z.object({ token: z.coerce.string().optional() }),
  component: lazyRouteComponent(() => import('./pages/access/invite.tsx'), 'InvitePage'),
})

const enrol = createRoute({
  getParentRoute: () => root,
  path: '/enrol',
  component: lazyRouteComponent(() => import('./pages/access/enrol.tsx'), 'EnrolPage'),
  beforeLoad: async ({ context }) => {
    const session = await signedIn(context.queryClient, '/')
    if (session.next !== 'enrol') throw redirect({ to: '/' })
  },
})

/** The session, or the way to the door. */
async function signedIn(client: QueryClient, wanted: string) {
  try {
    return await client.ensureQueryData(sessionQuery)
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      throw redirect({ to: '/sign-in', search: { scope: undefined, ...(wanted === '/' ? {} : { to: wanted }) } })
    }
    throw error
  }
}

const house = createRoute({
  getParentRoute: () => root,
  id: 'house',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const session = await signedIn(context.queryClient, location.href)
    if (session.next === 'enrol') throw redirect({ to: '/enrol', search: { scope: undefined } })
  },
})

const overview = createRoute({
  getParentRoute: () => house,
  path: '/',
  beforeLoad: async ({ context }) => {
    // Who may not see alerts (an outside auditor) begins where the evidence is.
    const { permissions } = await signedIn(context.queryClient, '/')
    if (!permissions.includes('alerts:read') && permissions.includes('cards:read'))
      throw redirect({ to: '/frameworks', search: { scope: undefined }, replace: true })
  },
  component: lazyRouteComponent(() => import('./pages/overview/overview-page.tsx'), 'OverviewPage'),
})

const declarations = createRoute({
  getParentRoute: () => house,
  path: '/declarations',
  validateSearch: z.object({
    /** The card whose details are open. */
    card: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/declarations/declarations-page.tsx'), 'DeclarationsPage'),
})

export const triageSearch = z.object({
  tab: z.enum(['waiting', 'mine', 'closed']).optional(),
  alert: z.string().optional(),
  q: z.string().optional(),
})
const triage = createRoute({
  getParentRoute: () => house,
  path: '/triage',
  validateSearch: triageSearch,
  component: lazyRouteComponent(() => import('./pages/triage/triage-page.tsx'), 'TriagePage'),
})

export const timelineSearch = z.object({
  q: z.string().optional(),
  /** A span that ends now (`15m`, `1h`, `24h`, `5y`), unless `from` and `to` are given. */
  span: z.enum(['15m', '1h', '6h', '24h', '7d', '30d', '5y']).optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  event: z.string().optional(),
})
const timeline = createRoute({
  getParentRoute: () => house,
  path: '/timeline',
  validateSearch: timelineSearch,
  component: lazyRouteComponent(() => import('./pages/timeline/timeline-page.tsx'), 'TimelinePage'),
})

const rules = createRoute({
  getParentRoute: () => house,
  path: '/rules',
  validateSearch: z.object({
    days: z.coerce.number().int().min(1).max(365).optional(),
    technique: z.string().optional(),
    q: z.string().optional(),
    rule: z.string().optional(),
    scenario: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/rules/rules-page.tsx'), 'RulesPage'),
})

const behaviour = createRoute({
  getParentRoute: () => house,
  path: '/behaviour',
  validateSearch: z.object({
    kind: z.enum(['user', 'host']).optional().catch(undefined),
    name: z.coerce.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/behaviour/behaviour-page.tsx'), 'BehaviourPage'),
})

const protect = createRoute({
  getParentRoute: () => house,
  path: '/protect',
  validateSearch: z.object({
    hours: z.coerce
      .string()
      .pipe(z.enum(['1', '24', '168']))
      .optional()
      .catch(undefined),
    passed: z.coerce.boolean().optional(),
    rule: z.coerce.string().optional(),
    reference: z.coerce.string().max(40).optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/protect/protect-page.tsx'), 'ProtectPage'),
})

const evidence = createRoute({
  getParentRoute: () => house,
  path: '/evidence',
  validateSearch: z.object({
    entry: z.coerce.number().int().nonnegative().optional(),
    artefact: z.string().optional(),
    type: z.string().optional(),
    subject: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/evidence/evidence-page.tsx'), 'EvidencePage'),
})

const firstWeek = createRoute({
  getParentRoute: () => house,
  path: '/first-week',
  component: lazyRouteComponent(() => import('./pages/declarations/first-week-page.tsx'), 'FirstWeekPage'),
})

const weeklyReview = createRoute({
  getParentRoute: () => house,
  path: '/review',
  validateSearch: z.object({
    /** An ISO week, `2026-W47`; this one where absent. */
    week: z
      .string()
      .regex(/^\d{4}-W\d{2}$/)
      .optional()
      .catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/review/review-page.tsx'), 'WeeklyReviewPage'),
})

const frameworks = createRoute({
  getParentRoute: () => house,
  path: '/frameworks',
  validateSearch: z.object({
    framework: z.string().optional(),
    /** The control whose grounds are open. */
    control: z.coerce.string().optional(),
    show: z.enum(['proven', 'at-risk', 'not-proven', 'not-covered']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/frameworks/frameworks-page.tsx'), 'FrameworksPage'),
})

const hosts = createRoute({
  getParentRoute: () => house,
  path: '/hosts',
  validateSearch: z.object({
    /** The agent whose details are open. */
    host: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/hosts/hosts-page.tsx'), 'HostsPage'),
})

const playbooks = createRoute({
  getParentRoute: () => house,
  path: '/playbooks',
  validateSearch: z.object({
    view: z.enum(['playbooks', 'inbox', 'runs', 'guards']).optional(),
    /** What is open: a playbook, a run, or the editor over a playbook (`new` for none). */
    playbook: z.string().optional(),
    run: z.string().optional(),
    edit: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/playbooks/playbooks-page.tsx'), 'PlaybooksPage'),
})

const exercises = createRoute({
  getParentRoute: () => house,
  path: '/exercises',
  validateSearch: z.object({
    /** The one that is open. */
    exercise: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/exercises/exercises-page.tsx'), 'ExercisesPage'),
})

const incidents = createRoute({
  getParentRoute: () => house,
  path: '/incidents',
  validateSearch: z.object({
    incident: z.string().optional(),
    part: z.enum(['work', 'timeline', 'graph', 'learn']).optional().catch(undefined),
    state: z.enum(['open', 'closed', 'all']).optional().catch(undefined),
    exercises: z.enum(['with', 'only']).optional().catch(undefined),
    q: z.coerce.string().optional(),
    /** The sheet that is open. */
    open: z.enum(['new', 'policy']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/incidents/incidents-page.tsx'), 'IncidentsPage'),
})

const vulnerabilities = createRoute({
  getParentRoute: () => house,
  path: '/vulnerabilities',
  validateSearch: z.object({
    step: z.enum(['fixable', 'inUse', 'exposed', 'exploited']).optional().catch(undefined),
    state: z.enum(['waived', 'gone']).optional().catch(undefined),
    kind: z.enum(['package', 'code', 'secret', 'config', 'web', 'host']).optional().catch(undefined),
    asset: z.string().max(253).optional().catch(undefined),
    overdue: z.coerce.boolean().optional().catch(undefined),
    q: z.coerce.string().optional(),
    finding: z.string().optional(),
    /** Of the question where a package is. */
    name: z.coerce.string().optional(),
    range: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/vulnerabilities/vulnerabilities-page.tsx'), 'VulnerabilitiesPage'),
})

const sources = createRoute({
  getParentRoute: () => house,
  path: '/sources',
  validateSearch: z.object({
    source: z.string().optional(),
    add: z.string().optional(),
    view: z.enum(['hosts', 'minimum', 'masking']).optional().catch(undefined),
    state: z.enum(['silent', 'skewed', 'gaps']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/sources/sources-page.tsx'), 'SourcesPage'),
})

const audit = createRoute({
  getParentRoute: () => house,
  path: '/audit',
  validateSearch: z.object({
    type: z.string().optional(),
    person: z.coerce.string().optional(),
    action: z.string().optional(),
    /** Days, `YYYY-MM-DD`, in the reader's zone; both inclusive. */
    from: z.iso.date().optional().catch(undefined),
    to: z.iso.date().optional().catch(undefined),
    /** Deeds, or who searched and opened what. */
    view: z.enum(['reads']).optional().catch(undefined),
    /** The entry that is open. */
    entry: z.coerce.number().int().nonnegative().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/audit/audit-page.tsx'), 'AuditPage'),
})

const assets = createRoute({
  getParentRoute: () => house,
  path: '/assets',
  validateSearch: z.object({
    q: z.coerce.string().optional(),
    criticality: z.enum(CRITICALITIES).optional().catch(undefined),
    asset: z.string().optional(),
    add: z.enum(['one', 'import']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/assets/assets-page.tsx'), 'AssetsPage'),
})

// ── Settings: an entry in pages/settings/sections.ts puts a page into the side list ──

const settings = createRoute({
  getParentRoute: () => house,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
})

const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/you', replace: true })
  },
})

const you = createRoute({
  getParentRoute: () => settings,
  path: 'you',
  validateSearch: z.object({
    /** Why linking an account of the identity provider did not work. */
    problem: z.string().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/settings/you/you-page.tsx'), 'YouPage'),
})

const people = createRoute({
  getParentRoute: () => settings,
  path: 'people',
  validateSearch: z.object({
    /** The person whose sheet is open. */
    person: z.coerce.string().optional(),
    invite: z.coerce.boolean().optional(),
  }),
  component: lazyRouteComponent(() => import('./pages/settings/people/people-page.tsx'), 'PeoplePage'),
})

const roles = createRoute({
  getParentRoute: () => settings,
  path: 'roles',
  component: lazyRouteComponent(() => import('./pages/settings/roles/roles-page.tsx'), 'RolesPage'),
})

const tokens = createRoute({
  getParentRoute: () => settings,
  path: 'tokens',
  component: lazyRouteComponent(() => import('./pages/settings/tokens/tokens-page.tsx'), 'TokensPage'),
})

const agents = createRoute({
  getParentRoute: () => settings,
  path: 'agents',
  component: lazyRouteComponent(() => import('./pages/settings/agents/agents-page.tsx'), 'AgentsPage'),
})

const review = createRoute({
  getParentRoute: () => settings,
  path: 'review',
  validateSearch: z.object({
    review: z.string().optional(),
    show: z.enum(['waiting', 'decided', 'all']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/settings/review/review-page.tsx'), 'ReviewPage'),
})

const opened = z.object({
  /** What the drawer shows; `new` for a form. */
  open: z.string().optional(),
})

const scopes = createRoute({
  getParentRoute: () => settings,
  path: 'scopes',
  validateSearch: opened,
  component: lazyRouteComponent(() => import('./pages/settings/scopes/scopes-page.tsx'), 'ScopesPage'),
})

const sso = createRoute({
  getParentRoute: () => settings,
  path: 'sso',
  validateSearch: opened,
  component: lazyRouteComponent(() => import('./pages/settings/sso/sso-page.tsx'), 'SsoPage'),
})

const connections = createRoute({
  getParentRoute: () => settings,
  path: 'connections',
  component: lazyRouteComponent(() => import('./pages/settings/connections/connections-page.tsx'), 'ConnectionsPage'),
})
const notify = createRoute({
  getParentRoute: () => settings,
  path: 'notify',
  component: lazyRouteComponent(() => import('./pages/settings/notify/notify-page.tsx'), 'NotifyPage'),
})

const keeping = createRoute({
  getParentRoute: () => settings,
  path: 'keeping',
  validateSearch: z.object({
    /** The form whose drawer is open. */
    open: z.enum(['hold', 'erasure']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/settings/keeping/keeping-page.tsx'), 'KeepingPage'),
})

const config = createRoute({
  getParentRoute: () => settings,
  path: 'config',
  component: lazyRouteComponent(() => import('./pages/settings/config/config-page.tsx'), 'ConfigPage'),
})

/** Where the server sends the browser after an identity provider was linked. */
const account = createRoute({
  getParentRoute: () => house,
  path: '/account',
  validateSearch: z.object({ problem: z.string().optional() }),
  beforeLoad: ({ search }) => {
    throw redirect({ to: '/settings/you', search: { problem: search.problem }, replace: true })
  },
})

/** The address of version 0.1. */
const access = createRoute({
  getParentRoute: () => house,
  path: '/access',
  beforeLoad: () => {
    throw redirect({ to: '/settings/you', replace: true })
  },
})

export function buildRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([
      signIn,
      setup,
      invite,
      enrol,
      house.addChildren([
        overview,
        declarations,
        triage,
        timeline,
        behaviour,
        protect,
        rules,
        evidence,
        firstWeek,
        weeklyReview,
        frameworks,
        audit,
        sources,
        incidents,
        exercises,
        playbooks,
        vulnerabilities,
        hosts,
        assets,
        access,
        account,
        settings.addChildren([
          settingsIndex,
          you,
          people,
          roles,
          tokens,
          agents,
          review,
          notify,
          connections,
          scopes,
          sso,
          keeping,
          config,
        ]),
      ]),
    ]),
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPendingMinMs: 0,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof buildRouter>
  }
}
