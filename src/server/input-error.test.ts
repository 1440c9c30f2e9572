import { expect, it } from 'vitest'
import { z } from 'zod'
import { seriesBody } from '../declare/series/schema.ts'
import { inputErrorOf } from './input-error.ts'

const wrong = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value).error?.issues.map((issue) => {
    const { path, code, bound } = inputErrorOf(issue)
    return [path, code, ...(bound === undefined ? [] : [bound])]
  })

it('tells what is wrong with each field by a code', () => {
  const schema = z.strictObject({
    name: z.string().min(3).max(5),
    title: z.string().min(1),
    many: z.int().min(2).max(9),
    list: z.array(z.string()).min(1),
    url: z.url(),
    mail: z.email(),
    at: z.iso.datetime(),
    one: z.enum(['a', 'b']),
    own: z.string().regex(/^a/, 'begins with a'),
    plain: z.string().regex(/^a/),
    gone: z.string(),
    refined: z.string().refine(() => false, 'said by us'),
  })
  const value = {
    name: 'ab',
    title: '',
    many: 10,
    list: [],
    url: 'x',
    mail: 'x',
    at: 'x',
    one: 'c',
    own: 'b',
    plain: 'b',
    refined: '',
  }
  expect(wrong(schema, { ...value, more: 1 })).toEqual([
    ['name', 'short', 3],
    ['title', 'required'],
    ['many', 'large', 9],
    ['list', 'few', 1],
    ['url', 'url'],
    ['mail', 'email'],
    ['at', 'time'],
    ['one', 'choice'],
    ['own', undefined],
    ['plain', 'format'],
    ['gone', 'required'],
    ['refined', undefined],
    ['', 'unknown'],
  ])
})

it('takes no title of blanks for a series', () => {
  expect(wrong(seriesBody, { unit: 'count', title: { en: '  ', ja: ' 題 ' } })).toEqual([['title.en', 'required']])
})
