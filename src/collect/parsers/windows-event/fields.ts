import { type Draft, integer, known, put } from '../../normalise/draft.ts'
import { baseName } from '../../normalise/path.ts'

/** ECS `user` of a name, a domain and a SID; undefined where Windows writes that there is nobody. */
export function userOf(name: string | undefined, domain: string | undefined, sid: string | undefined): Draft | undefined {
  const who = known(name)
  const id = known(sid)
  if (who === undefined && (id === undefined || id === 'S-1-0-0')) return undefined
  const user: Draft = {}
  put(user, 'name', who)
  put(user, 'domain', known(domain))
  put(user, 'id', id === 'S-1-0-0' ? undefined : id)
  return user
}

/** `DOMAIN\name` as Sysmon and PowerShell write it. */
export function userOfAccount(account: string | undefined): Draft | undefined {
  const whole = known(account)
  if (whole === undefined) return undefined
  const slash = whole.indexOf('\\')
  return slash < 0 ? { name: whole } : { name: whole.slice(slash + 1), domain: whole.slice(0, slash) }
}

/** ECS `process` of an image path and a pid, decimal or hexadecimal. */
export function processOf(image: string | undefined, pid: string | undefined): Draft | undefined {
  const executable = known(image)
  const number = integer(pid)
  if (executable === undefined && (number === undefined || number === 0)) return undefined
  const process: Draft = {}
  put(process, 'pid', number)
  if (executable !== undefined) {
    process['executable'] = executable
    process['name'] = baseName(executable)
  }
  return process
}

/** Hash names as Sysmon and ECS write them; IMPHASH is a property of the PE header. */
const HASHES: Readonly<Record<string, string>> = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256' }

/** `SHA1=…,MD5=…,IMPHASH=…` → ECS `hash` (lower case) and the import hash. Zeroes mean that it was not computed. */
export function hashesOf(text: string | undefined): {
  readonly hash: Draft | undefined
  readonly imphash: string | undefined
  readonly all: readonly string[]
} {
  let hash: Draft | undefined
  let imphash: string | undefined
  const all: string[] = []
  let from = 0
  while (text !== undefined && from < text.length) {
    let end = text.indexOf(',', from)
    if (end < 0) end = text.length
    const equals = text.indexOf('=', from)
    if (equals > from && equals < end) {
      const value = text.slice(equals + 1, end).toLowerCase()
      const name = text.slice(from, equals)
      if (!isZero(value)) {
        if (name === 'IMPHASH') imphash = value
        else if (Object.hasOwn(HASHES, name)) {
          hash ??= {}
          hash[HASHES[name]!] = value
        }
        all.push(value)
      }
    }
    from = end + 1
  }
  return { hash, imphash, all }
}

function isZero(value: string): boolean {
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) !== 48) return false
  return true
}

/** ECS `pe` of Sysmon's version fields; undefined where the file says nothing of itself. */
export function peOf(data: Record<string, string>, imphash: string | undefined): Draft | undefined {
  const company = known(data['Company'])
  const description = known(data['Description'])
  const version = known(data['FileVersion'])
  const original = known(data['OriginalFileName'])
  const product = known(data['Product'])
  if (
    company === undefined &&
    description === undefined &&
    version === undefined &&
    original === undefined &&
    product === undefined &&
    imphash === undefined
  )
    return undefined
  const pe: Draft = {}
  put(pe, 'company', company)
  put(pe, 'description', description)
  put(pe, 'file_version', version)
  put(pe, 'imphash', imphash)
  put(pe, 'original_file_name', original)
  put(pe, 'product', product)
  return pe
}

/** ECS `code_signature` of Sysmon's Signed, Signature and SignatureStatus. */
export function signatureOf(data: Record<string, string>): Draft | undefined {
  const signed = data['Signed']
  const signer = known(data['Signature'])
  const status = known(data['SignatureStatus'])
  if (signed === undefined && signer === undefined && status === undefined) return undefined
  const signature: Draft = { exists: signed === 'true' || signed === 'True' }
  put(signature, 'subject_name', signer)
  if (status !== undefined && status !== 'Unavailable') {
    signature['status'] = status
    signature['valid'] = status === 'Valid'
  }
  return signature
}
