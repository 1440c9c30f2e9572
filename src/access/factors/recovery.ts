import { createHash, randomInt } from 'node:crypto'
import type { Db } from '../queries.ts'
import { replaceRecovery, spendRecovery } from './queries.ts'

/** Crockford's base 32: no letter is taken for a digit, none makes a rude word. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const CODES = 10
/** 80 bits a code: too many to guess, so that a fast hash is enough. */
const LETTERS = 16

function hashOf(account: string, code: string): string {
  return createHash('sha256').update(`recovery\0${account}\0${code}`).digest('hex')
}

function newCode(): string {
  return Array.from({ length: LETTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** What a person meant to type, of what they typed. */
function readCode(typed: string): string {
  return typed.normalize('NFKC').toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1')
}

/** Ten new codes, told only here; those of before end. */
export async function makeRecovery(
  db: Db,
  account: { readonly id: string; readonly scope: string },
  now: number,
): Promise<string[]> {
  const codes = Array.from({ length: CODES }, newCode)
  await replaceRecovery(
    db,
    account,
    codes.map((code) => hashOf(account.id, code)),
    now,
  )
  return codes.map((code) => code.replace(/(.{4})(?=.)/g, '$1-'))
}

export async function takeRecovery(db: Db, account: string, typed: string): Promise<boolean> {
  return await spendRecovery(db, account, hashOf(account, readCode(typed)))
}
