/** The scope that the address names; the server's choice where it names none. Set by the router before anything is asked. */
let chosen: string | undefined

export function chosenScope(): string | undefined {
  return chosen
}

export function chooseScope(scope: string | undefined): void {
  chosen = scope
}

/** For what can send no header: EventSource, links, downloads. */
export function withScope(path: string): string {
  if (chosen === undefined) return path
  return `${path}${path.includes('?') ? '&' : '?'}scope=${encodeURIComponent(chosen)}`
}
