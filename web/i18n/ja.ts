import access from './ja/access.json'
import agents from './ja/agents.json'
import assets from './ja/assets.json'
import audit from './ja/audit.json'
import behaviour from './ja/behaviour.json'
import common from './ja/common.json'
import completeness from './ja/completeness.json'
import config from './ja/config.json'
import connections from './ja/connections.json'
import cvss from './ja/cvss.json'
import declarations from './ja/declarations.json'
import evidence from './ja/evidence.json'
import exceptions from './ja/exceptions.json'
import exercises from './ja/exercises.json'
import firstWeek from './ja/firstWeek.json'
import frameworks from './ja/frameworks.json'
import hosts from './ja/hosts.json'
import incidents from './ja/incidents.json'
import keeping from './ja/keeping.json'
import notify from './ja/notify.json'
import overview from './ja/overview.json'
import playbooks from './ja/playbooks.json'
import protect from './ja/protect.json'
import review from './ja/review.json'
import rules from './ja/rules.json'
import scopes from './ja/scopes.json'
import settings from './ja/settings.json'
import sources from './ja/sources.json'
import sso from './ja/sso.json'
import timeline from './ja/timeline.json'
import triage from './ja/triage.json'
import vulnerabilities from './ja/vulnerabilities.json'
import weekly from './ja/weekly.json'

export const ja = {
  access,
  agents,
  assets,
  audit,
  common,
  behaviour,
  completeness,
  config,
  cvss,
  declarations,
  evidence,
  exceptions,
  exercises,
  firstWeek,
  frameworks,
  connections,
  notify,
  hosts,
  incidents,
  keeping,
  overview,
  playbooks,
  protect,
  review,
  rules,
  scopes,
  settings,
  sources,
  sso,
  timeline,
  triage,
  vulnerabilities,
  weekly,
} as const
