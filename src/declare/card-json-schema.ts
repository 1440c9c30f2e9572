import { z } from 'zod'
import type { JsonObject } from '../kernel/json.ts'
import { card } from './schema.ts'

/** The published JSON Schema (2020-12) of a card as people write it; defaults may be left out. */
export function cardJsonSchema(): JsonObject {
  const schema = z.toJSONSchema(card, { io: 'input' }) as unknown as JsonObject
  return { $id: 'urn:kanpeki:schema:card', ...schema }
}
