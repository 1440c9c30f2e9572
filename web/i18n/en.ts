import access from './en/access.json'
import common from './en/common.json'
import declarations from './en/declarations.json'
import evidence from './en/evidence.json'
import overview from './en/overview.json'
import rules from './en/rules.json'
import settings from './en/settings.json'
import sources from './en/sources.json'
import timeline from './en/timeline.json'
import triage from './en/triage.json'

export const en = { access, common, declarations, evidence, overview, rules, settings, sources, timeline, triage } as const
