/** The agent's own events of the last minutes, for captures: bounded, the oldest go first. */
export interface Recent {
  readonly add: (line: string) => void
  /** Those of the last seconds, oldest first. */
  readonly since: (seconds: number) => readonly string[]
}

const MOST_CHARACTERS = 1_500_000
const LONGEST_MS = 3_600_000

export function createRecent(now: () => number = () => performance.now()): Recent {
  let lines: { readonly at: number; readonly line: string }[] = []
  let first = 0
  let size = 0
  return {
    add(line) {
      const at = now()
      lines.push({ at, line })
      size += line.length
      while (size > MOST_CHARACTERS || (lines[first] !== undefined && at - lines[first]!.at > LONGEST_MS)) {
        size -= lines[first]!.line.length
        first += 1
      }
      if (first > lines.length / 2 && first > 100) {
        lines = lines.slice(first)
        first = 0
      }
    },
    since: (seconds) => {
      const from = now() - seconds * 1_000
      return lines.slice(first).flatMap(({ at, line }) => (at >= from ? [line] : []))
    },
  }
}
