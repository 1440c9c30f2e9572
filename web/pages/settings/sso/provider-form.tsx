import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Provider, providerSchema } from '../../../../src/access/sso/schema.ts'
import { call } from '../../../api/client.ts'
import { Code } from '../../../components/copy.tsx'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Check, Field } from '../../../components/fields.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { GroupsEditor } from './groups-editor.tsx'
import { changedProvider, draftOf, newProvider, type ProviderDraft } from './provider-draft.ts'
import { RolesEditor } from './roles-editor.tsx'

/** What a provider is, who may come in by it, and what they get. The secret goes in and never comes out. */
export function ProviderForm({
  provider,
  onSaved,
}: {
  provider: Provider | undefined
  onSaved: (provider: Provider) => void
}): ReactNode {
  const { t } = useTranslation('sso')
  const client = useQueryClient()
  const [draft, setDraft] = useState(() => draftOf(provider))
  const set = (change: Partial<ProviderDraft>): void => setDraft((before) => ({ ...before, ...change }))
  const save = useMutation({
    mutationFn: () =>
      provider === undefined
        ? call(providerSchema, '/api/v1/sso/providers', { method: 'POST', body: newProvider(draft) })
        : call(providerSchema, `/api/v1/sso/providers/${provider.id}`, {
            method: 'PATCH',
            body: changedProvider(draft, provider.hasSecret),
          }),
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ['sso'] })
      onSaved(saved)
    },
  })
  const callback = provider?.callbackUrl ?? `${window.location.origin}/api/v1/sso/${draft.id || 'ID'}/callback`
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <fieldset className="form-part">
        <legend>{t('form.provider')}</legend>
        {provider === undefined ? (
          <Field label={t('form.id')} hint={t('form.idHint')}>
            <input
              className="input mono"
              required
              pattern="[a-z0-9][a-z0-9\-]{0,39}"
              title={t('form.idHint')}
              value={draft.id}
              onChange={(event) => set({ id: event.target.value })}
            />
          </Field>
        ) : null}
        <div className="pair-in">
          <Field label={t('form.titleEn')}>
            <input
              className="input"
              required={draft.titleJa.trim() === ''}
              maxLength={80}
              value={draft.titleEn}
              onChange={(event) => set({ titleEn: event.target.value })}
            />
          </Field>
          <Field label={t('form.titleJa')}>
            <input
              className="input"
              maxLength={80}
              value={draft.titleJa}
              onChange={(event) => set({ titleJa: event.target.value })}
            />
          </Field>
        </div>
        <Field label={t('form.issuer')} hint={t(provider === undefined ? 'form.issuerHint' : 'form.issuerStays')}>
          <input
            className="input mono"
            type="url"
            required
            disabled={provider !== undefined}
            placeholder="https://login.example.com"
            value={draft.issuer}
            onChange={(event) => set({ issuer: event.target.value })}
          />
        </Field>
        <div className="field">
          <span>{t('form.callback')}</span>
          <Code text={callback} />
        </div>
        <Field label={t('form.clientId')}>
          <input
            className="input mono"
            required
            maxLength={400}
            value={draft.clientId}
            onChange={(event) => set({ clientId: event.target.value })}
          />
        </Field>
        <Field label={t('form.secret')} hint={t(provider?.hasSecret === true ? 'form.secretKept' : 'form.secretHint')}>
          <input
            className="input mono"
            type="password"
            autoComplete="off"
            maxLength={4000}
            required={!draft.publicClient && provider?.hasSecret !== true}
            disabled={draft.publicClient}
            placeholder={provider?.hasSecret === true ? '••••••••' : ''}
            value={draft.secret}
            onChange={(event) => set({ secret: event.target.value })}
          />
        </Field>
        <Check label={t('form.publicClient')} checked={draft.publicClient} onChange={(publicClient) => set({ publicClient })} />
        <Check label={t('form.enabled')} checked={draft.enabled} onChange={(enabled) => set({ enabled })} />
      </fieldset>
      <fieldset className="form-part">
        <legend>{t('form.who')}</legend>
        <Check
          label={t('form.createAccounts')}
          hint={t('form.createAccountsHint')}
          checked={draft.createAccounts}
          onChange={(createAccounts) => set({ createAccounts })}
        />
        <Field label={t('form.domains')} hint={t('form.domainsHint')}>
          <input
            className="input mono"
            placeholder="example.com"
            value={draft.domains}
            onChange={(event) => set({ domains: event.target.value })}
          />
        </Field>
        <Check
          label={t('form.trustEmail')}
          hint={t('form.trustEmailHint')}
          checked={draft.trustEmail}
          onChange={(trustEmail) => set({ trustEmail })}
        />
        <div className="pair-in">
          <Field label={t('form.nameClaim')}>
            <input
              className="input mono"
              required
              value={draft.nameClaim}
              onChange={(event) => set({ nameClaim: event.target.value })}
            />
          </Field>
          <Field label={t('form.scopes')} hint={t('form.scopesHint')}>
            <input className="input mono" value={draft.scopes} onChange={(event) => set({ scopes: event.target.value })} />
          </Field>
        </div>
        <div className="pair-in">
          <Field label={t('form.provisioned')} hint={t('form.provisionedHint')}>
            <input
              className="input mono"
              placeholder="oid"
              value={draft.provisionedClaim}
              onChange={(event) => set({ provisionedClaim: event.target.value })}
            />
          </Field>
          <Field label={t('form.provisionedBy')}>
            <select
              className="input mono"
              value={draft.provisionedBy}
              disabled={draft.provisionedClaim.trim() === ''}
              onChange={(event) => set({ provisionedBy: event.target.value === 'userName' ? 'userName' : 'externalId' })}
            >
              <option value="externalId">externalId</option>
              <option value="userName">userName</option>
            </select>
          </Field>
        </div>
      </fieldset>
      <fieldset className="form-part">
        <legend>{t('form.what')}</legend>
        <div className="field">
          <span>{t('form.everyone')}</span>
          <RolesEditor about={t('form.everyone')} roles={draft.defaultRoles} onChange={(defaultRoles) => set({ defaultRoles })} />
        </div>
        <Field label={t('form.groupsClaim')} hint={t('form.groupsClaimHint')}>
          <input
            className="input mono"
            placeholder="groups"
            value={draft.groupsClaim}
            onChange={(event) => set({ groupsClaim: event.target.value })}
          />
        </Field>
        {draft.groupsClaim.trim() === '' && draft.groups.length === 0 ? null : (
          <GroupsEditor groups={draft.groups} onChange={(groups) => set({ groups })} />
        )}
      </fieldset>
      {save.error === null ? null : <ProblemNote error={save.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={save.isPending}>
          {t(provider === undefined ? 'form.create' : 'form.save')}
        </DeedButton>
      </div>
    </form>
  )
}
