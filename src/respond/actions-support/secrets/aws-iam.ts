import { SaxesParser } from 'saxes'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { awsHeaders } from './aws-signature.ts'

const TYPE = 'application/x-www-form-urlencoded; charset=utf-8'
const VERSION = '2010-05-08'

export interface AwsIam {
  readonly name: string
  /** `Active` or `Inactive`; undefined where the user has no such key. */
  status(user: string, keyId: string, signal: AbortSignal): Promise<string | undefined>
  turn(user: string, keyId: string, status: 'Active' | 'Inactive', signal: AbortSignal): Promise<void>
  /** The keys of whoever this connection signs in as are listed, and nothing is changed. */
  own(signal: AbortSignal): Promise<void>
  create(user: string, signal: AbortSignal): Promise<{ readonly keyId: string; readonly secret: string }>
}

/** Access keys of AWS IAM, by its Query API. */
export function awsIam(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'aws-iam'>, 'name' | 'settings' | 'secrets'>,
): AwsIam {
  const call = async (
    action: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly Element[]> => {
    const url = new URL('/', settings.url)
    const body = new URLSearchParams({ Action: action, Version: VERSION, ...parameters }).toString()
    const key = { id: settings.keyId, secret: secrets.key, region: settings.region, service: 'iam' }
    const reply = await outgoing.fetch(url, {
      method: 'POST',
      headers: awsHeaders({ method: 'POST', url, contentType: TYPE, body }, key, Date.now()),
      body,
      redirect: 'manual',
      signal,
      maxBytes: 1024 * 1024,
    })
    const text = await reply.text()
    // Whether a key was made is not known then, and a second one would have nobody who ends it.
    if (reply.status >= 500 && action === 'CreateAccessKey')
      throw new KanpekiError('unsure', `${url.host} answered ${reply.status}; a new key may have been made.`, {
        remedy: `Look at the access keys of ${parameters['UserName'] ?? ''}.`,
      })
    const elements = readXml(text)
    if (reply.ok) return elements
    const code = elements.find((one) => one.name === 'Code')?.text ?? ''
    throw new KanpekiError(
      code === 'NoSuchEntity' ? 'not_found' : 'service_refused',
      `${url.host} answered ${reply.status}${/^[A-Za-z]{1,64}$/.test(code) ? ` (${code})` : ''}.`,
      { remedy: 'Look at what the key of this connection may do.' },
    )
  }
  return {
    name,
    async status(user, keyId, signal) {
      // A user has two keys at most: there is no second page.
      const elements = await call('ListAccessKeys', { UserName: user }, signal)
      const at = elements.findIndex((one) => one.name === 'AccessKeyId' && one.text === keyId)
      const member = elements[at]?.parent
      return at === -1 ? undefined : elements.find((one) => one.name === 'Status' && one.parent === member)?.text
    },
    async own(signal) {
      await call('ListAccessKeys', {}, signal)
    },
    async turn(user, keyId, status, signal) {
      await call('UpdateAccessKey', { UserName: user, AccessKeyId: keyId, Status: status }, signal)
    },
    async create(user, signal) {
      const elements = await call('CreateAccessKey', { UserName: user }, signal)
      const textOf = (wanted: string): string => elements.find((one) => one.name === wanted)?.text ?? ''
      return { keyId: textOf('AccessKeyId'), secret: textOf('SecretAccessKey') }
    },
  }
}

interface Element {
  readonly name: string
  /** Number of the element that it stands in. */
  readonly parent: number
  text: string
}

/** @throws KanpekiError `service_refused` for what is no XML. */
function readXml(text: string): readonly Element[] {
  const elements: Element[] = []
  const open: number[] = []
  const parser = new SaxesParser()
  parser.on('opentag', ({ name }) => {
    elements.push({ name, parent: open.at(-1) ?? -1, text: '' })
    open.push(elements.length - 1)
  })
  parser.on('text', (part) => {
    const at = elements[open.at(-1) ?? -1]
    if (at !== undefined) at.text += part
  })
  parser.on('closetag', () => void open.pop())
  let wrong = false
  parser.on('error', () => {
    wrong = true
  })
  parser.write(text).close()
  if (wrong) throw new KanpekiError('service_refused', 'AWS did not answer with XML.')
  return elements
}
