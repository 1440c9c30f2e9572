import type { CardView, WallResponse } from '../declare/schema.ts'
import { KanpekiError } from '../kernel/error.ts'
import { isWorn } from '../kernel/measure.ts'
import { EXIT } from './options.ts'
import { callApi } from './remote.ts'
import { type ServerOptions, serverOf } from './server-of.ts'
import { plainLines } from './terminal-text.ts'

export interface StatusOptions extends ServerOptions {
  /** Only this card; all where absent. */
  readonly id: string | undefined
  readonly json: boolean
}

/** How the cards of a running server stand. Exit 0 if every badge asked for is held, 1 if one is not. */
export async function declareStatus({ id, json, ...options }: StatusOptions): Promise<number> {
  const server = await serverOf(options, 'read', 'declare status on this host')
  const wall = await callApi<WallResponse>(server, server.token, 'GET', '/api/v1/cards')
  const cards = wall.cards.filter((card) => id === undefined || card.id === id)
  if (id !== undefined && cards.length === 0) {
    throw new KanpekiError('not_found', `There is no declaration ${id}.`, {
      remedy: `Known: ${wall.cards.map((card) => card.id).join(', ')}.`,
    })
  }
  process.stdout.write(json ? `${JSON.stringify(cards)}\n` : plainLines(cards.map(describe).join('\n')))
  return cards.every((card) => isWorn(card.badge.state)) ? EXIT.ok : EXIT.failed
}

function describe(card: CardView): string {
  const reason = card.badge.reason === null ? '' : `  ${card.badge.reason.text.en}`
  const objectives = card.objectives.map((objective) => {
    const value = objective.value === null ? 'no evidence' : `${objective.value} ${objective.unit}`
    const ahead = objective.outlook.forecasts.map(({ text }) => `           ${text.en}\n`).join('')
    return `  ${objective.state.padEnd(8)} ${objective.title.en}: ${value} (${objective.comparator} ${objective.target})\n${ahead}`
  })
  return `${card.id} ${card.version}: ${card.badge.state}${reason}\n${objectives.join('')}`
}
