import { useTranslation } from 'react-i18next'

const WORDED = ['pwd', 'otp', 'hwk', 'rcv', 'fed', 'mfa'] as const

/** How somebody signed in, in words. `user` (RFC 8176: somebody was present) is part of every passkey and says no more. */
export function useMethodWords(): (methods: readonly string[]) => string {
  const { t } = useTranslation('settings')
  return (methods) =>
    WORDED.filter((method) => methods.includes(method))
      .map((method) => t(`method.${method}`))
      .join(t('comma'))
}
