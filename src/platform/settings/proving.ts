import { z } from 'zod'
import { duration, type Setting } from './setting.ts'

/** Who besides us vouches for the ledger. */
export const PROVING = {
  witness: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'File outside the data folder that gets every ledger checkpoint, best on another machine.',
      ja: '台帳のチェックポイントを書き足す、データフォルダーの外のファイル。別の機器に置くのが最善です。',
    },
  },
  witnesses: {
    schema: z.array(z.string().regex(/^https?:\/\/\S+\s+\S+\+[0-9a-f]{8}\+\S+$/, 'not like https://HOST/witness KEY')),
    fallback: [],
    meaning: {
      en: 'Other Kanpeki, or any witness by c2sp.org/tlog-witness, that cosign our ledger: address and key, e.g. https://siem.example.org/witness NAME+HASH+KEY.',
      ja: 'この台帳に連署する証人（ほかの Kanpeki、または c2sp.org/tlog-witness に従う証人）のアドレスと鍵（例: https://siem.example.org/witness 名前+ハッシュ+鍵）。',
    },
  },
  'witness-for': {
    schema: z.array(z.string().regex(/^\S+\+[0-9a-f]{8}\+\S+$/, 'not a key like NAME+HASH+KEY')),
    fallback: [],
    meaning: {
      en: 'Ledgers of others that we cosign, by their keys (GET /ledger/key), each only as the continuation of what we cosigned before.',
      ja: 'こちらが連署する相手の台帳の鍵（GET /ledger/key で得られます）。前回連署した内容の続きであるときだけ連署します。',
    },
  },
  'timestamp-authorities': {
    schema: z.array(z.string().regex(/^https?:\/\/\S+(\s+\S+)?$/, 'not like https://HOST/tsr CA-FILE')),
    fallback: [],
    meaning: {
      en: 'Time-stamping authorities (RFC 3161) that stamp the ledger’s checkpoints: address and, best, a PEM file with the certificate theirs must lead to, e.g. https://tsa.example.org/tsr /etc/kanpeki/tsa-ca.pem.',
      ja: '台帳のチェックポイントにタイムスタンプを発行する時刻認証局（RFC 3161）。アドレスと、できればその証明書の発行元の PEM ファイル（例: https://tsa.example.org/tsr /etc/kanpeki/tsa-ca.pem）。',
    },
  },
  'timestamp-every': {
    schema: duration,
    fallback: '1 h',
    meaning: {
      en: 'How often a checkpoint is time-stamped where the ledger has grown. Those that could not be sent wait in the data folder.',
      ja: '台帳に記録が増えているとき、チェックポイントにタイムスタンプを付ける間隔。送れなかったものはデータフォルダーに残り、後で送ります。',
    },
  },
} as const satisfies Record<string, Setting>
