import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { FrameworkView, GroundFigure, GroundView } from '../frameworks/schema.ts'
import { uuidOf } from './uuid.ts'

const OSCAL = '1.1.3'
/** Names of properties that OSCAL has none for. */
const NAMESPACE = 'https://kanpeki.invalid/ns/oscal'

export interface OscalContext {
  /** Where this installation is reached; links of evidence stand on it. */
  readonly origin: string
  readonly ledger: { readonly size: number; readonly root: string }
}

/**
 * A judged framework as OSCAL assessment results: an observation for each figure, a finding for each control that rests on
 * figures. Controls that nothing here speaks of are not among the reviewed ones: silence is not a finding.
 */
export function oscalResults(view: FrameworkView, { origin, ledger }: OscalContext): JsonObject {
  const { id, at, scope } = view
  const uuid = (...name: string[]): string => uuidOf(id, scope, at, ...name)
  const controls = view.groups.flatMap((group) => group.controls)
  const covered = controls.filter(({ state }) => state !== 'not-covered')
  const plan = uuid('plan')
  const observations = view.grounds.flatMap((ground) => observationsOf(ground, { uuid, origin, at }))
  const observed = Map.groupBy(observations, ({ ground }) => ground)
  const findings = covered.map((control): JsonObject => {
    const names = control.grounds
    const related = names.flatMap((name) => observed.get(name) ?? []).map(({ uuid }) => ({ 'observation-uuid': uuid }))
    const satisfied = control.state === 'proven'
    return {
      uuid: uuid('finding', control.id),
      title: `${control.id} ${control.title.en}`,
      description: `${control.title.en}. Rests on: ${names.join(', ')}.`,
      props: [prop('state', control.state)],
      target: {
        type: 'objective-id',
        'target-id': `${tokenOf(control.id)}_obj`,
        status: { state: satisfied ? 'satisfied' : 'not-satisfied', reason: satisfied ? 'pass' : 'other' },
      },
      ...(related.length === 0 ? {} : { 'related-observations': related }),
    }
  })
  const left = controls.length - covered.length
  return {
    'assessment-results': {
      uuid: uuid('results'),
      metadata: {
        title: `${view.name.en}: continuous assessment by Kanpeki`,
        'last-modified': at,
        version: at,
        'oscal-version': OSCAL,
        props: [prop('ledger-size', String(ledger.size)), prop('ledger-root', ledger.root)],
      },
      'import-ap': { href: `#${plan}` },
      results: [
        {
          uuid: uuid('result'),
          title: `${view.name.en} in scope ${scope}`,
          description: `Judged from measures, executed attacks and checks. ${left} of ${controls.length} controls are not covered by Kanpeki and not reviewed here.`,
          start: at,
          end: at,
          'reviewed-controls': {
            'control-selections': [{ 'include-controls': covered.map((control) => ({ 'control-id': tokenOf(control.id) })) }],
          },
          ...(observations.length === 0 ? {} : { observations: observations.map(({ json }) => json) }),
          ...(findings.length === 0 ? {} : { findings }),
        },
      ],
      'back-matter': {
        resources: [
          {
            uuid: plan,
            title: 'Continuous assessment',
            description:
              'There is no separate plan: the signed declaration cards say what is measured, how often and against which target.',
            rlinks: [{ href: `${origin}/api/v1/openslo`, 'media-type': 'application/yaml' }],
          },
        ],
      },
    },
  }
}

interface Observation {
  readonly ground: string
  readonly uuid: string
  readonly json: JsonObject
}

interface Context {
  readonly uuid: (...name: string[]) => string
  readonly origin: string
  readonly at: string
}

function observationsOf(ground: GroundView, context: Context): Observation[] {
  if (ground.figures.length === 0) {
    const uuid = context.uuid('observation', ground.id)
    const said = ground.reason?.en ?? 'Nothing was measured.'
    return [{ ground: ground.id, uuid, json: observation(uuid, ground, said, context.at, [prop('state', ground.state)]) }]
  }
  return ground.figures.map((figure, place) => {
    const uuid = context.uuid('observation', ground.id, String(place))
    const props = [
      prop('state', figure.state),
      ...(figure.figure === null ? [] : [prop('figure', figure.figure.en)]),
      ...(figure.target === null ? [] : [prop('target', figure.target.en)]),
    ]
    const evidence = evidenceOf(figure, context.origin)
    const said = [figure.title.en, figure.figure?.en ?? 'no figure', figure.reason?.en].filter((part) => part != null).join('. ')
    return { ground: ground.id, uuid, json: { ...observation(uuid, ground, said, figure.at ?? context.at, props), ...evidence } }
  })
}

function observation(uuid: string, ground: GroundView, description: string, collected: string, props: JsonValue[]): JsonObject {
  return {
    uuid,
    title: ground.title.en,
    description,
    props,
    methods: [ground.kind === 'techniques' ? 'TEST' : 'EXAMINE'],
    types: ['control-objective'],
    collected,
  }
}

function evidenceOf({ evidence, title }: GroundFigure, origin: string): JsonObject {
  if (evidence?.index == null) return {}
  const href = `${origin}/api/v1/ledger/bundle?index=${evidence.index}`
  return { 'relevant-evidence': [{ href, description: `Ledger entry ${evidence.index}: ${title.en}` }] }
}

function prop(name: string, value: string): JsonObject {
  return { name, ns: NAMESPACE, value: value.trim() === '' ? '-' : value.trim() }
}

/** OSCAL's tokens begin with a letter. */
function tokenOf(id: string): string {
  return /^\p{L}/u.test(id) ? id : `control-${id}`
}
