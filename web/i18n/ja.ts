import access from './ja/access.json'
import common from './ja/common.json'
import declarations from './ja/declarations.json'
import evidence from './ja/evidence.json'
import overview from './ja/overview.json'
import rules from './ja/rules.json'
import settings from './ja/settings.json'
import sources from './ja/sources.json'
import timeline from './ja/timeline.json'
import triage from './ja/triage.json'

export const ja = { access, common, declarations, evidence, overview, rules, settings, sources, timeline, triage } as const
