/** A command gets its own arguments and answers with the exit code. */
export type Command = (args: readonly string[]) => Promise<number>

export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Loaded only when called, so that `detect` does not pay for the server. */
export const commands: Readonly<Record<string, CommandEntry>> = {}
