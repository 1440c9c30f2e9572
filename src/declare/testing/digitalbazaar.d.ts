/** What our tests use of an independent implementation of Verifiable Credentials, which has no types of its own. */
declare module '@digitalbazaar/vc' {
  export function verifyCredential(options: object): Promise<{
    readonly verified: boolean
    readonly error?: unknown
    readonly statusResult?: { readonly results?: readonly { readonly status: boolean }[] }
  }>
}
declare module '@digitalbazaar/vc-bitstring-status-list' {
  export function checkStatus(options: object): Promise<{ readonly verified: boolean; readonly error?: unknown }>
}
declare module '@digitalbazaar/data-integrity' {
  export class DataIntegrityProof {
    constructor(options: { readonly cryptosuite: unknown })
  }
}
declare module '@digitalbazaar/eddsa-jcs-2022-cryptosuite' {
  export function createVerifyCryptosuite(): unknown
}
declare module '@digitalbazaar/did-method-key' {
  export function driver(): {
    use(options: { readonly multibaseMultikeyHeader: string; readonly fromMultibase: unknown }): void
    get(options: { readonly url: string }): Promise<object>
  }
}
declare module '@digitalbazaar/ed25519-multikey' {
  export function from(key: object): Promise<unknown>
}
declare module '@digitalbazaar/credentials-context' {
  export const contexts: ReadonlyMap<string, object>
}
declare module '@digitalbazaar/data-integrity-context' {
  export const contexts: ReadonlyMap<string, object>
}
