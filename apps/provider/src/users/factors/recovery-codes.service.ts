import { Inject, Injectable } from '@nestjs/common';
import { sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { randomBuffer } from '@gatehouse/platform/secrets/random';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';

const codeStatements = {
  countLeft: statement(
    'recovery_codes.count_left',
    'SELECT COUNT(*) AS count FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL',
  ),
  insert: statement(
    'recovery_codes.insert',
    'INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES ($1, $2, $3)',
  ),
  spend: statement(
    'recovery_codes.spend',
    'UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL',
  ),
  forget: statement('recovery_codes.forget', 'DELETE FROM recovery_codes WHERE user_id = $1'),
};

const howMany = 10;
/** NIST SP 800-63B-4 3.1.2.2: at least 112 bits, then a plain hash keeps them. */
const codeCharacters = 24;
/** No l, o, 0 and 1: what is read from paper. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Owns the codes that stand in for a lost second factor: ten, each once; only their hashes are stored. */
@Injectable()
export class RecoveryCodes {
  constructor(@Inject(Store) private readonly store: Store) {}

  async countLeft(userId: string): Promise<number> {
    const row = await this.store.one<{ count: number | string }>(codeStatements.countLeft, userId);
    return Number(row?.count ?? 0);
  }

  /** The same inside a unit. */
  async countLeftIn(unit: Unit, userId: string): Promise<number> {
    const row = await unit.one<{ count: number | string }>(codeStatements.countLeft, userId);
    return Number(row?.count ?? 0);
  }

  /** Makes ten codes in place of all that there were. @returns them, for the one time that they are shown */
  async make(unit: Unit, userId: string, now: EpochSeconds): Promise<readonly string[]> {
    await unit.change(codeStatements.forget, userId);
    const codes = Array.from({ length: howMany }, newCode);
    for (const code of codes) await unit.change(codeStatements.insert, userId, hashOf(code), now);
    return codes;
  }

  /** Spends a code, however it was typed. True for exactly one caller. */
  async spend(unit: Unit, userId: string, typed: string, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(codeStatements.spend, userId, hashOf(typed), now)) === 1;
  }

  async forgetAllOf(unit: Unit, userId: string): Promise<void> {
    await unit.change(codeStatements.forget, userId);
  }
}

/** 120 random bits in four groups of six. */
function newCode(): string {
  const characters = [...randomBuffer(codeCharacters)].map((byte) => alphabet[byte & 31] ?? '').join('');
  return characters.match(/.{6}/g)?.join('-') ?? characters;
}

function hashOf(typed: string): string {
  const plain = typed.slice(0, 100).toLowerCase().replace(/[\s-]/g, '');
  return sha256(plain).toString('base64url');
}
