import { expect, it } from 'vitest'
import { z } from 'zod'
import { unknownNames } from './unknown-names.ts'

const span = z.object({ from: z.string().optional(), to: z.string().optional() })
const oneOf = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('a'), one: z.string() }),
  z.object({ kind: z.literal('b') }),
])

it.each<[string, z.ZodType, unknown, string[]]>([
  ['an object', span, { from: 'a', til: 'b' }, ['til']],
  ['nothing', span, undefined, []],
  ['what prototypes have', span, JSON.parse('{"constructor":1,"__proto__":2}'), ['constructor', '__proto__']],
  ['an optional one', span.optional(), { x: 1 }, ['x']],
  ['one with a default', span.default({}).nullable(), { x: 1 }, ['x']],
  ['refined and transformed', span.refine(() => true).transform(() => 1), { x: 1 }, ['x']],
  ['a loose object', z.looseObject({ a: span }), { a: {}, b: 1 }, []],
  ['a catch-all', z.object({ a: span }).catchall(z.string()), { b: 'x' }, []],
  ['told apart by a member', oneOf, { kind: 'b', one: '' }, ['one']],
  ['told apart, and none of them', oneOf, { kind: 'c' }, []],
  ['a union', z.union([z.string(), span, z.object({ x: z.number() })]), { x: 1 }, []],
  ['an intersection', z.object({ a: z.string() }).and(z.object({ b: z.string() })), { a: '', b: '', c: '' }, ['c']],
  ['objects within', z.object({ roles: z.array(z.object({ role: z.string() })) }), { roles: [{ role: 'a', origin: 'b' }] }, []],
  ['anything', z.unknown(), { a: 1 }, []],
])('finds the names that a schema would leave out: %s', (_name, schema, value, names) => {
  expect(unknownNames(schema, value)).toEqual(names)
})
