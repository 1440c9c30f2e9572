import { stringify } from 'yaml'
import { type Card, card as cardSchema } from './schema.ts'

/** As people are used to read a card: the template of the declaration, from its scope to the next review. */
const ORDER: readonly (keyof Card)[] = [
  'id',
  'version',
  'name',
  'owner',
  'approvers',
  'signatures',
  'scope',
  'threats',
  'objectives',
  'forbidden',
  'evidence',
  'residualRisks',
  'period',
  'validity',
  'nextReview',
  'withdrawal',
  'publicPage',
]

/**
 * A card as YAML that means the same: reading it again gives the same hash. Comments are not part of the meaning.
 * @param schema where editors find the form of a card, for completion while writing.
 */
export function cardYaml(card: Card, schema: string): string {
  const ordered = Object.fromEntries(ORDER.filter((key) => card[key] !== undefined).map((key) => [key, card[key]]))
  return `# yaml-language-server: $schema=${schema}\n${stringify(ordered, { lineWidth: 120, aliasDuplicateObjects: false })}`
}

/** Every part of a card; a test compares it with the form. */
export const CARD_PARTS = { written: ORDER, form: Object.keys(cardSchema.shape) }
