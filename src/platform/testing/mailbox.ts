import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Mail {
  readonly to: readonly string[]
  /** Headers and body, as they were sent. */
  readonly text: string
}

export interface Mailbox {
  readonly port: number
  /** In the order in which they came; a test may empty it. */
  readonly mails: Mail[]
  close(): Promise<void>
}

/** A real SMTP server that keeps what it is sent, on a port of its own, without TLS; who may send is for `options` to say. */
export async function startMailbox(options: SMTPServerOptions = {}): Promise<Mailbox> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.once('end', () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(parts).toString() })
        done()
      })
    },
    ...options,
  })
  // Of clients that refuse its certificate, or break off: the test asks the sender.
  server.on('error', () => {})
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((closed) => server.close(() => closed())),
  }
}
