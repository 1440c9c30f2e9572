import type { z } from 'zod'
import type { changedProviderSchema, GroupRole, newProviderSchema, Provider } from '../../../../src/access/sso/schema.ts'

/** The form as people fill it: lists as text, the secret apart. */
export interface ProviderDraft {
  readonly id: string
  readonly titleEn: string
  readonly titleJa: string
  readonly issuer: string
  readonly clientId: string
  /** Empty: as it was. */
  readonly secret: string
  readonly publicClient: boolean
  readonly scopes: string
  readonly nameClaim: string
  readonly groupsClaim: string
  readonly groups: readonly { readonly group: string; readonly roles: readonly GroupRole[] }[]
  readonly defaultRoles: readonly GroupRole[]
  readonly domains: string
  readonly trustEmail: boolean
  readonly createAccounts: boolean
  readonly provisionedClaim: string
  readonly provisionedBy: 'externalId' | 'userName'
  readonly enabled: boolean
}

export function draftOf(provider: Provider | undefined): ProviderDraft {
  return {
    id: provider?.id ?? '',
    titleEn: provider?.title.en ?? '',
    titleJa: provider?.title.ja ?? '',
    issuer: provider?.issuer ?? '',
    clientId: provider?.clientId ?? '',
    secret: '',
    publicClient: provider !== undefined && !provider.hasSecret,
    scopes: (provider?.scopes ?? ['profile', 'email']).join(' '),
    nameClaim: provider?.nameClaim ?? 'preferred_username',
    groupsClaim: provider?.groupsClaim ?? '',
    groups: provider?.groups ?? [],
    defaultRoles: provider?.defaultRoles ?? [],
    domains: (provider?.domains ?? []).join(' '),
    trustEmail: provider?.trustEmail ?? false,
    createAccounts: provider?.createAccounts ?? false,
    provisionedClaim: provider?.provisioned?.claim ?? '',
    provisionedBy: provider?.provisioned?.attribute ?? 'externalId',
    enabled: provider?.enabled ?? true,
  }
}

const words = (text: string): string[] => text.split(/[\s,、，]+/).filter(Boolean)

function settings(draft: ProviderDraft) {
  const titleEn = draft.titleEn.trim()
  const titleJa = draft.titleJa.trim()
  return {
    // A title in one language does for both.
    title: { en: titleEn || titleJa, ja: titleJa || titleEn },
    clientId: draft.clientId.trim(),
    scopes: words(draft.scopes).filter((scope) => scope !== 'openid'),
    nameClaim: draft.nameClaim.trim(),
    groupsClaim: draft.groupsClaim.trim() || null,
    groups: draft.groups
      .filter(({ group }) => group.trim() !== '')
      .map(({ group, roles }) => ({ group: group.trim(), roles: [...roles] })),
    defaultRoles: [...draft.defaultRoles],
    domains: words(draft.domains),
    trustEmail: draft.trustEmail,
    createAccounts: draft.createAccounts,
    provisioned:
      draft.provisionedClaim.trim() === '' ? null : { claim: draft.provisionedClaim.trim(), attribute: draft.provisionedBy },
    enabled: draft.enabled,
  }
}

export function newProvider(draft: ProviderDraft): z.input<typeof newProviderSchema> {
  return {
    ...settings(draft),
    id: draft.id.trim(),
    issuer: draft.issuer.trim(),
    clientSecret: draft.publicClient ? null : draft.secret,
  }
}

/** A secret that was not typed again stays; a public client gives it up. */
export function changedProvider(draft: ProviderDraft, hadSecret: boolean): z.input<typeof changedProviderSchema> {
  const secret = draft.publicClient
    ? hadSecret
      ? { clientSecret: null }
      : {}
    : draft.secret === ''
      ? {}
      : { clientSecret: draft.secret }
  return { ...settings(draft), ...secret }
}
