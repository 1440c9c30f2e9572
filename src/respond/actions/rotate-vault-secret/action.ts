import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Action, ActionContext, ActionReceipt } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { markOf } from '../../actions-support/mark.ts'
import { type Vault, vault } from '../../actions-support/secrets/vault.ts'
import { connectionName } from '../../connections/schema.ts'

const SECRET_BYTES = 32
const input = z.strictObject({
  path: z
    .string()
    .max(500)
    .regex(/^[A-Za-z0-9_@-][A-Za-z0-9._@-]*(\/[A-Za-z0-9_@-][A-Za-z0-9._@-]*)*$/, { error: 'A path is like team/service.' }),
  field: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,100}$/)
    .default('value'),
  on: connectionName.optional(),
})
type Input = z.infer<typeof input>

/**
 * Puts a new random value into a field of a secret in Vault's key-value store, version 2. The value is seen by nobody but Vault; whoever
 * uses the secret reads it there. What the step did is said in the secret's own metadata, so that no try does it twice.
 */
export function rotateVaultSecret(deps: ActionDeps): Action<Input> {
  const open = async (scope: string, on: string | undefined): Promise<Vault> => {
    const [connection, another] = await deps.connections.of(scope, ['vault'], on)
    if (another !== undefined)
      throw new KanpekiError('no_connection', 'There are several vaults.', { remedy: 'Say in the step which one.' })
    return vault(deps.outgoing, connection!)
  }
  const find = async ({ path, field, on }: Input, { scope, key, signal }: ActionContext): Promise<ActionReceipt | undefined> => {
    const store = await open(scope, on)
    const { version, custom } = await store.metadata(path, signal)
    const from = Number(custom['kanpeki_from'])
    return custom['kanpeki_step'] === markOf(key) && version > from ? receipt(store.name, path, field, from) : undefined
  }
  return {
    id: 'rotate-vault-secret',
    title: { en: 'Rotate a secret in Vault', ja: 'Vault のシークレットの更新' },
    input: input as z.ZodType<Input>,
    repeats: 'key',
    async plan({ path, field, on }, { scope, signal }) {
      const store = await open(scope, on)
      const { version } = await store.metadata(path, signal)
      return {
        summary: {
          en: `Put a new value into ${field} of ${path} at ${store.name} (version ${version} now)`,
          ja: `${store.name} の ${path} の ${field} を新しい値にします（現在バージョン ${version}）`,
        },
        targets: [{ kind: 'secret', name: path }],
        reversible: true,
      }
    },
    async run(asked, context) {
      const { path, field, on } = asked
      const { scope, key, signal } = context
      const before = await find(asked, context)
      if (before !== undefined) return before
      const store = await open(scope, on)
      const { version, data } = await store.read(path, undefined, signal)
      const { custom } = await store.metadata(path, signal)
      // Said first: if the write then happened is told by the version.
      await store.describe(path, { ...custom, kanpeki_step: markOf(key), kanpeki_from: String(version) }, signal)
      await store.write(path, { ...data, [field]: randomBytes(SECRET_BYTES).toString('base64url') }, version, signal)
      return receipt(store.name, path, field, version)
    },
    find,
    async undo({ undo }, { scope, signal }) {
      const { on, path, from } = undo as { readonly on: string; readonly path: string; readonly from: number }
      const store = await open(scope, on)
      const { version } = await store.metadata(path, signal)
      if (version === from + 2) return { outcome: 'already', detail: { on, path, version } }
      if (version !== from + 1)
        throw new KanpekiError('changed_since', `${path} was changed again since; that is not overwritten.`)
      const { data } = await store.read(path, from, signal)
      await store.write(path, data, version, signal)
      return { outcome: 'done', detail: { on, path, version: version + 1 } }
    },
  }
}

function receipt(on: string, path: string, field: string, from: number): ActionReceipt {
  return { outcome: 'done', detail: { on, path, field, version: from + 1 }, undo: { on, path, from } }
}
