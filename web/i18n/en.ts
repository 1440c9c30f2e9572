import access from './en/access.json'
import agents from './en/agents.json'
import assets from './en/assets.json'
import audit from './en/audit.json'
import behaviour from './en/behaviour.json'
import common from './en/common.json'
import completeness from './en/completeness.json'
import config from './en/config.json'
import connections from './en/connections.json'
import cvss from './en/cvss.json'
import declarations from './en/declarations.json'
import evidence from './en/evidence.json'
import exceptions from './en/exceptions.json'
import exercises from './en/exercises.json'
import firstWeek from './en/firstWeek.json'
import frameworks from './en/frameworks.json'
import hosts from './en/hosts.json'
import incidents from './en/incidents.json'
import keeping from './en/keeping.json'
import notify from './en/notify.json'
import overview from './en/overview.json'
import playbooks from './en/playbooks.json'
import protect from './en/protect.json'
import review from './en/review.json'
import rules from './en/rules.json'
import scopes from './en/scopes.json'
import settings from './en/settings.json'
import sources from './en/sources.json'
import sso from './en/sso.json'
import timeline from './en/timeline.json'
import triage from './en/triage.json'
import vulnerabilities from './en/vulnerabilities.json'
import weekly from './en/weekly.json'

export const en = {
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
