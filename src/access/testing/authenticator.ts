import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

const FLAGS = { present: 0x01, verified: 0x04, eligible: 0x08, backedUp: 0x10, attested: 0x40 } as const

interface Key {
  readonly id: Buffer
  readonly userHandle: string
  readonly rpId: string
  readonly privateKey: KeyObject
  counter: number
}

/** What a test may do wrong. */
export interface Wrongs {
  readonly origin?: string
  readonly verified?: boolean
  readonly counter?: number
  readonly tamper?: boolean
  readonly type?: string
  readonly rpId?: string
}

interface CreationOptions {
  readonly challenge: string
  readonly rp: { readonly id: string }
  readonly user: { readonly id: string }
}

interface RequestOptions {
  readonly challenge: string
  readonly rpId: string
  readonly allowCredentials?: readonly { readonly id: string }[]
}

/** A platform authenticator in software: discoverable ES256 keys with signature counters (WebAuthn §6). */
export class SoftwareAuthenticator {
  readonly #origin: string
  readonly #keys: Key[] = []

  constructor(origin: string) {
    this.#origin = origin
  }

  /** What `navigator.credentials.create` would answer. */
  create(options: CreationOptions, wrongs: Wrongs = {}): Record<string, unknown> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const id = randomBytes(16)
    const key: Key = { id, userHandle: options.user.id, rpId: options.rp.id, privateKey, counter: 1 }
    this.#keys.push(key)
    // COSE_Key (RFC 9052 §7): kty EC2, alg ES256, crv P-256, x, y.
    const cose = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ])
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cose])
    const data = Buffer.concat([this.#data(wrongs.rpId ?? key.rpId, key.counter, FLAGS.attested, wrongs), credential])
    // CBOR map of three: fmt "none", attStmt {}, authData bytes.
    const attestation = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex'),
      Buffer.from([data.length]),
      data,
    ])
    return {
      ...described(id),
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, wrongs).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      },
      clientExtensionResults: {},
    }
  }

  /** What `navigator.credentials.get` would answer; throws where no key fits, as a browser does. */
  get(options: RequestOptions, wrongs: Wrongs = {}): Record<string, unknown> {
    const allowed = options.allowCredentials?.map(({ id }) => id)
    const key = this.#keys.find(
      (one) => one.rpId === options.rpId && (allowed === undefined || allowed.includes(one.id.toString('base64url'))),
    )
    if (key === undefined) throw new Error('no passkey for this request')
    key.counter = wrongs.counter ?? key.counter + 1
    const data = this.#data(wrongs.rpId ?? key.rpId, key.counter, 0, wrongs)
    const client = this.#clientData('webauthn.get', options.challenge, wrongs)
    const signature = sign('sha256', Buffer.concat([data, createHash('sha256').update(client).digest()]), key.privateKey)
    if (wrongs.tamper === true) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1
    return {
      ...described(key.id),
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: key.userHandle,
      },
      clientExtensionResults: {},
    }
  }

  #data(rpId: string, counter: number, extra: number, { verified = true }: Wrongs): Buffer {
    const flags = FLAGS.present | (verified ? FLAGS.verified : 0) | FLAGS.eligible | FLAGS.backedUp | extra
    const tail = Buffer.alloc(5)
    tail.writeUInt8(flags, 0)
    tail.writeUInt32BE(counter, 1)
    return Buffer.concat([createHash('sha256').update(rpId).digest(), tail])
  }

  #clientData(type: string, challenge: string, wrongs: Wrongs): Buffer {
    const data = { type: wrongs.type ?? type, challenge, origin: wrongs.origin ?? this.#origin, crossOrigin: false }
    return Buffer.from(JSON.stringify(data))
  }
}

function described(id: Buffer): { id: string; rawId: string; type: string } {
  return { id: id.toString('base64url'), rawId: id.toString('base64url'), type: 'public-key' }
}
