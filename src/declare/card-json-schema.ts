import { z } from 'zod'
import type { JsonObject } from '../kernel/json.ts'
import { card, objective } from './schema.ts'

/**
 * The published JSON Schema (2020-12) of a card as people write it; defaults may be left out.
 * @param measures ids that an editor offers for completion; others are allowed, for they are checked when a card is read.
 */
export function cardJsonSchema(measures: readonly string[] = []): JsonObject {
  const schema = z.toJSONSchema(card, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === objective.shape.measure && measures.length > 0) jsonSchema.examples = measures.toSorted()
    },
  }) as unknown as JsonObject
  return { $id: 'urn:kanpeki:schema:card', ...schema }
}
