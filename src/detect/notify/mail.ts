import { isIP } from 'node:net'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { MailText } from './mail-text.ts'

const TIMEOUT_MS = 20_000

export interface MailRoute {
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'starttls' | 'none'
  readonly user: string
  readonly password: string | undefined
  readonly sender: string
}

/**
 * Sends one mail through the relay that was set up (RFC 5321, submission as RFC 6409), to the address that was checked.
 * @param id stays the same over all tries: it becomes the Message-ID, by which mailboxes tell a repetition.
 * @throws KanpekiError `outgoing_refused`, `outgoing_failed`, or `mail_refused` with what the server said.
 */
export async function sendMail(
  outgoing: Pick<Outgoing, 'addressesOf'>,
  route: MailRoute,
  to: readonly string[],
  id: string,
  { subject, text, attachments = [] }: MailText,
): Promise<void> {
  const { host, port, security, user, password, sender } = route
  const [address] = await outgoing.addressesOf(host)
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    host: address!.address,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    // The name is what the certificate has to be for; the connection goes to the address that was checked.
    tls: isIP(host) === 0 ? { servername: host } : {},
    ...(user === '' ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from: { name: 'Kanpeki', address: sender },
      to: [...to],
      subject,
      text,
      textEncoding: 'base64',
      attachments: attachments.map(({ content, ...facts }) => ({ ...facts, content: Buffer.from(content) })),
      messageId: `<${id}@${sender.split('@').at(-1) ?? 'kanpeki'}>`,
      headers: { 'auto-submitted': 'auto-generated' },
    })
  } catch (error) {
    throw new KanpekiError('mail_refused', `The mail server ${host} did not take it: ${saidBy(error, password)}.`, {
      cause: error,
    })
  } finally {
    transport.close()
  }
}

/** What it said, on one line and without the password, should the server repeat it. */
function saidBy(error: unknown, password: string | undefined): string {
  const text = messageOf(error).replaceAll(/\s+/g, ' ').replace(/\.$/, '')
  const hidden = password === undefined || password === '' ? text : text.replaceAll(password, '***')
  return hidden.slice(0, 300)
}
