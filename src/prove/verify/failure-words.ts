import type { FailureCode } from './report.ts'

/** A short name for each way of not proving, for pages and terminals in either language. */
export const FAILURE_WORDS: Readonly<Record<FailureCode, { readonly en: string; readonly ja: string }>> = {
  missing: { en: 'File is missing', ja: 'ファイルがありません' },
  malformed: { en: 'Not of the expected form', ja: '形式が正しくありません' },
  bad_signature: { en: 'Signature does not fit', ja: '署名が一致しません' },
  wrong_signer: { en: 'Signed by someone else', ja: '署名者が異なります' },
  wrong_key_file: { en: 'Key file was changed', ja: '鍵ファイルが変更されています' },
  root_mismatch: { en: 'Does not lead to the signed root', ja: '署名された根に到達しません' },
  tile_mismatch: { en: 'Tile was changed', ja: 'タイルが変更されています' },
  entry_mismatch: { en: 'Entry was changed', ja: '記録が変更されています' },
  stale_tile_mismatch: { en: 'Older tile was changed', ja: '以前のタイルが変更されています' },
  entry_invalid: { en: 'Entry cannot be read', ja: '記録を読み取れません' },
  outbox_gap: { en: 'Entries are missing', ja: '記録が欠落しています' },
  segment_mismatch: { en: 'Sealed segment was changed', ja: '封印済みセグメントが変更されています' },
  segment_missing: { en: 'Sealed segment is missing', ja: '封印済みセグメントがありません' },
  batch_missing: { en: 'Batch has no entry', ja: 'バッチの記録がありません' },
  batch_mismatch: { en: 'Batch does not fit its entry', ja: 'バッチが記録と一致しません' },
  event_mismatch: { en: 'Event was changed', ja: 'イベントが変更されています' },
  inclusion_failed: { en: 'Not part of the signed log', ja: '署名されたログに含まれていません' },
  digest_mismatch: { en: 'Bundle was changed', ja: 'バンドルが変更されています' },
  subject_absent: { en: 'Not about what it says', ja: '対象の記録が含まれていません' },
  not_contiguous: { en: 'Entries are left out', ja: '途中の記録が抜けています' },
  rolled_back: { en: 'Log was rolled back', ja: 'ログが巻き戻されています' },
  forked: { en: 'History was rewritten', ja: '履歴が書き換えられています' },
  not_witnessed: { en: 'Not cosigned by the witness', ja: '証人の連署がありません' },
  since_unprovable: { en: 'Cannot be compared with the earlier checkpoint', ja: '以前のチェックポイントと比較できません' },
}
