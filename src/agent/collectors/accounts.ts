import { readFileSync, statSync } from 'node:fs'

/** Names of user ids by /etc/passwd, read again when it changes. */
export function userNames(file: string): (uid: number) => string | undefined {
  let names = new Map<number, string>()
  let read = -1
  let asked = 0
  return (uid) => {
    const now = Date.now()
    if (now - asked > 1_000) {
      asked = now
      try {
        const changed = statSync(file).mtimeMs
        if (changed !== read) {
          names = new Map(
            readFileSync(file, 'utf8')
              .split('\n')
              .map((line) => line.split(':'))
              .filter((fields) => fields.length > 2)
              .map(([name, , id]) => [Number(id), name!] as const),
          )
          read = changed
        }
      } catch {
        names = new Map()
      }
    }
    return names.get(uid)
  }
}
