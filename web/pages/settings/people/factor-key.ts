import type { Person } from '../../../../src/access/people/schema.ts'

/** What an account shows at sign-in, as a message key. */
export function factorKey(person: Person): 'people.factor' | 'people.noFactor' | 'people.elsewhere' | 'people.nothing' {
  if (person.secondFactor) return 'people.factor'
  if (person.password) return 'people.noFactor'
  return person.origin === 'local' ? 'people.nothing' : 'people.elsewhere'
}
