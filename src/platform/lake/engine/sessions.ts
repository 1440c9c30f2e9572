import { Session } from 'chdb'

/** The engine answers one statement at a time on each connection; those of one pool run beside each other. */
export class SessionPool {
  readonly #idle: Session[]
  readonly #waiting: ((session: Session) => void)[] = []

  constructor(folder: string, configFile: string, size: number) {
    this.#idle = Array.from({ length: size }, () => new Session(folder, { connectionArgs: [`--config-file=${configFile}`] }))
  }

  async use<R>(work: (session: Session) => Promise<R>): Promise<R> {
    const session = this.#idle.pop() ?? (await new Promise<Session>((resolve) => this.#waiting.push(resolve)))
    try {
      return await work(session)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#idle.push(session)
      else next(session)
    }
  }

  /** Call only when nothing runs any more. */
  close(): void {
    for (const session of this.#idle.splice(0)) session.close()
  }
}
