import { hostname } from 'node:os'
import { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import { makeRequest } from './certificate-request.ts'
import { type Identity, writeIdentity } from './identity.ts'
import { type Answer, openLink } from './link.ts'

const issuedSchema = z.object({
  agent: z.object({ id: z.uuid(), name: z.string() }),
  certificate: z.string(),
  renewAfter: z.iso.datetime(),
})

interface EnrolRequest {
  readonly url: string
  readonly token: string
  readonly name?: string | undefined
  /** PEM of the certificates that the server is known by. */
  readonly ca?: string | undefined
}

function issued({ status, text }: Answer, url: string): z.infer<typeof issuedSchema> {
  if (status === 200) return issuedSchema.parse(JSON.parse(text))
  let detail = text.slice(0, 300)
  try {
    detail = z.object({ detail: z.string() }).parse(JSON.parse(text)).detail
  } catch {
    // What is no problem document is shown as it is.
  }
  throw new KanpekiError('enrolment_refused', `${url} refuses: ${detail} (${status})`, {
    remedy: "Make a fresh token with 'kanpeki enrol-token create': each is good for a day and as often as it says.",
  })
}

/** Exchanges a short-lived token for a certificate, and keeps it with its key in the folder. */
export async function enrol(folder: string, { url, token, name = hostname(), ca }: EnrolRequest): Promise<Identity> {
  const { key, csr } = await makeRequest()
  const link = openLink({ url, ca })
  try {
    const answer = await link.post('/api/v1/agents/enrol', JSON.stringify({ name, csr }), {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    })
    const { agent, certificate, renewAfter } = issued(answer, url)
    const identity: Identity = {
      id: agent.id,
      name: agent.name,
      url,
      key,
      certificate,
      ...(ca === undefined ? {} : { ca }),
      renewAfter: Date.parse(renewAfter),
    }
    await writeIdentity(folder, identity)
    return identity
  } finally {
    link.close()
  }
}

/** The next certificate, for a fresh key, asked for with the present one. */
export async function renew(folder: string, identity: Identity): Promise<Identity> {
  const { key, csr } = await makeRequest()
  const link = openLink(identity)
  try {
    const answer = await link.post('/api/v1/agents/renew', JSON.stringify({ csr }), { 'content-type': 'application/json' })
    const { certificate, renewAfter } = issued(answer, identity.url)
    const next: Identity = { ...identity, key, certificate, renewAfter: Date.parse(renewAfter) }
    await writeIdentity(folder, next)
    return next
  } finally {
    link.close()
  }
}
