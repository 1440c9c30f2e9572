import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { type AwsIam, awsIam } from '../../actions-support/secrets/aws-iam.ts'
import { vault } from '../../actions-support/secrets/vault.ts'
import { connectionName } from '../../connections/schema.ts'

const input = z.strictObject({
  user: z.string().regex(/^[\w+=,.@-]{1,64}$/, { error: 'This is no name of an IAM user.' }),
  keyId: z.string().regex(/^\w{16,128}$/, { error: 'This is no id of an access key.' }),
  on: connectionName.optional(),
  /** Where a new key is put; without it the old one only ends. */
  store: z
    .strictObject({
      on: connectionName.optional(),
      path: z.string().regex(/^[A-Za-z0-9_@-][A-Za-z0-9._@-]*(\/[A-Za-z0-9_@-][A-Za-z0-9._@-]*)*$/),
    })
    .optional(),
})
type Input = z.infer<typeof input>

/** Makes an access key of AWS invalid, and where a vault is named puts a new one there first. */
export function rotateAwsKey(deps: ActionDeps): Action<Input> {
  const open = async (scope: string, on: string | undefined): Promise<AwsIam> => {
    const [connection, another] = await deps.connections.of(scope, ['aws-iam'], on)
    if (another !== undefined)
      throw new KanpekiError('no_connection', 'There are several AWS accounts.', { remedy: 'Say in the step which one.' })
    return awsIam(deps.outgoing, connection!)
  }
  return {
    id: 'rotate-aws-key',
    title: { en: 'Rotate an AWS access key', ja: 'AWS アクセスキーの更新' },
    input: input as z.ZodType<Input>,
    // A second run would make a second new key.
    repeats: 'once',
    async plan({ user, keyId, on, store }, { scope, signal }) {
      const iam = await open(scope, on)
      const status = await iam.status(user, keyId, signal)
      if (status === undefined) throw new KanpekiError('not_found', `${user} has no access key ${keyId}.`)
      if (store !== undefined) await deps.connections.of(scope, ['vault'], store.on)
      return {
        summary: {
          en: `${store === undefined ? '' : `Put a new key of ${user} into ${store.path} and `}make ${keyId} of ${user} at ${iam.name} invalid`,
          ja: `${store === undefined ? '' : `${user} の新しいキーを ${store.path} に保存し、`}${iam.name} の ${user} のキー ${keyId} を無効にします`,
        },
        targets: [{ kind: 'secret', name: keyId }],
        reversible: true,
        before: { status },
      }
    },
    async run({ user, keyId, on, store }, { scope, signal, before }) {
      const iam = await open(scope, on)
      const isOpen = (before?.['status'] ?? (await iam.status(user, keyId, signal))) === 'Active'
      let made: string | undefined
      if (store !== undefined) {
        const [connection] = await deps.connections.of(scope, ['vault'], store.on)
        const safe = vault(deps.outgoing, connection!)
        const found = await safe.read(store.path, undefined, signal).catch((error: unknown) => {
          if (error instanceof KanpekiError && error.code === 'not_found') return { version: 0, data: {} }
          throw error
        })
        const { keyId: id, secret } = await iam.create(user, signal)
        made = id
        await keyMade(id, () =>
          safe.write(store.path, { ...found.data, access_key_id: id, secret_access_key: secret }, found.version, signal),
        )
      }
      if (isOpen) await keyMade(made, () => iam.turn(user, keyId, 'Inactive', signal))
      return {
        outcome: isOpen || made !== undefined ? 'done' : 'already',
        detail: { on: iam.name, user, keyId, ...(made === undefined ? {} : { made }) },
        ...(isOpen ? { undo: { on: iam.name, user, keyId } } : {}),
      }
    },
    /** The old key holds again; a new one stays beside it. */
    async undo({ undo }, { scope, signal }) {
      const { on, user, keyId } = undo as { readonly on: string; readonly user: string; readonly keyId: string }
      await (await open(scope, on)).turn(user, keyId, 'Active', signal)
      return { outcome: 'done', detail: { on, user, keyId } }
    },
  }
}

/** What fails once a new key is there is for a person: a further try would make another one, and nobody would know of this. */
async function keyMade(id: string | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (id === undefined) throw error
    throw new KanpekiError('unsure', `The new key ${id} was made, and then: ${messageOf(error)}`, {
      remedy: 'Look whether it lies in the vault, and end the key that nobody uses.',
      cause: error,
    })
  }
}
