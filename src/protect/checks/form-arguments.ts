import { readArguments } from '../body/urlencoded.ts'

const MOST_ARGUMENTS = 1000

/** What is wrong with a form or query that `formArguments` does not read. */
export const TOO_MANY = `more than ${MOST_ARGUMENTS} arguments`

/** Names and values of a form or a query, decoded; undefined where there are more than are looked at. */
export function formArguments(text: string): readonly (readonly [name: string, value: string])[] | undefined {
  const { args, more } = readArguments(text, '&', MOST_ARGUMENTS)
  return more ? undefined : args
}
