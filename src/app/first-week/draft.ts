import { cardYaml } from '../../declare/card-yaml.ts'
import type { Card } from '../../declare/schema.ts'
import { FORBIDDEN, objectiveOf, STARTERS } from './objectives.ts'
import type { ChooseBody } from './schema.ts'

const DAY = 86_400_000
const VALID_DAYS = 90
const REVIEW_DAYS = 28

/** An id that a card may have, from the words that it is called by. */
export function cardIdOf(name: string): string {
  const words = name
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '')
  return words === '' ? 'core-path' : words
}

/** The first card, by the template of the founding paper: one path, what is measured well already, two triggers. */
export function draftCard(
  id: string,
  { name, description, objectives }: ChooseBody,
  scope: string,
  owner: string,
  now: number,
): Card {
  const day = (from: number) => new Date(from).toISOString().slice(0, 10)
  return {
    id,
    version: day(now).replaceAll('-', '.'),
    name,
    owner,
    approvers: ['@admin', '@cards'],
    signatures: 1,
    scope: { id: scope, description, assets: [], labels: {} },
    threats: {
      in: [
        {
          en: 'Outside attackers: remote code execution, stolen credentials, phishing.',
          ja: '外部の攻撃者（リモートコード実行、認証情報の窃取、フィッシング）。',
        },
      ],
      out: [{ en: 'Malicious insiders have a card of their own.', ja: '悪意ある内部者（別の宣言で扱います）。' }],
    },
    objectives: STARTERS.filter((one) => objectives.includes(one.id)).map(objectiveOf),
    forbidden: [FORBIDDEN],
    evidence: [
      { en: 'Every measurement and every judgement, as an entry of the ledger.', ja: 'すべての計測と評価（台帳の記録）。' },
    ],
    residualRisks: [],
    period: 'P7D',
    validity: { from: day(now), until: day(now + VALID_DAYS * DAY) },
    nextReview: day(now + REVIEW_DAYS * DAY),
    withdrawal: [
      { on: 'unmet', periods: 2 },
      { on: 'stale-evidence', grace: 'P1D' },
      { on: 'unverified-change' },
      { on: 'expiry' },
    ],
  }
}

export function draftYaml(card: Card, origin: string): string {
  return cardYaml(card, `${origin}/api/v1/schemas/card.json`)
}
