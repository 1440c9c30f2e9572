import { z } from 'zod'
import { days, duration, type Setting } from './setting.ts'

/** How people and programs sign in. */
export const ACCESS = {
  'password-sign-in': {
    schema: z.enum(['allowed', 'break-glass']),
    fallback: 'allowed',
    meaning: {
      en: 'break-glass: passwords open break-glass accounts alone, and everybody else signs in through a provider or with a passkey. Make a break-glass account first.',
      ja: 'break-glass にすると、パスワードでサインインできるのは緊急用アカウントだけになり、ほかの人はシングルサインオンかパスキーを使います。先に緊急用アカウントを作ってください。',
    },
  },
  'breached-passwords': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'File of breached passwords that nobody may set: SHA1:COUNT lines in the order of the hashes.',
      ja: '設定を禁じる漏えい済みパスワードの一覧ファイル（SHA1:件数 の行、ハッシュ順）。',
    },
  },
  'second-factor': {
    schema: z.enum(['optional', 'administrators', 'required']),
    fallback: 'optional',
    meaning: {
      en: 'Who must set up a second factor before anything else is allowed: nobody, administrators, or everybody. Single sign-on and the emergency account are exempt.',
      ja: '二要素認証の設定を必須とする対象。optional: 任意、administrators: 管理者、required: 全員。シングルサインオンと緊急用アカウントは対象外です。',
    },
  },
  'session-idle': {
    schema: duration,
    fallback: '12 h',
    meaning: {
      en: 'After so long without use a session ends, e.g. 30 m.',
      ja: '操作がないままセッションが終わるまでの時間（例: 30 m）。',
    },
  },
  'session-life': {
    schema: duration,
    fallback: '7 d',
    meaning: { en: 'After so long a session ends in any case.', ja: '操作の有無によらずセッションが終わるまでの時間。' },
  },
  'token-days': {
    schema: days.nullable(),
    fallback: 365,
    meaning: {
      en: 'Days a token lasts when its maker does not say; null for no end. Tokens that only send events have none, so that no events are lost.',
      ja: '作成時に指定がないときのトークンの有効日数。null なら無期限。取り込み専用のトークンは、イベントを失わないよう期限なしです。',
    },
  },
  'token-max-days': {
    schema: days.nullable(),
    fallback: null,
    meaning: {
      en: 'The most days any token may last, also one that only sends events; no limit by default.',
      ja: 'トークンの最長の有効日数。取り込み専用のトークンにも適用します。既定では制限しません。',
    },
  },
} as const satisfies Record<string, Setting>
