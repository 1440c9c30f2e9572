import { plainPath } from '../logins/match-login.ts'

/** Tells of paths whether they are one of these or below, however they are spelt: what an application takes for one is meant as well. */
export function below(prefixes: readonly string[]): (path: string) => boolean {
  const plain = prefixes.map(plainPath)
  return (path) => {
    const asked = plainPath(path)
    return plain.some((prefix) => prefix === '/' || asked === prefix || asked.startsWith(`${prefix}/`))
  }
}
