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
  consume: statement(
    'recovery_codes.spend',
    'UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL',
  ),
  forget: statement('recovery_codes.forget', 'DELETE FROM recovery_codes WHERE user_id = $1'),
};

const codeCount = 10;
/** NIST SP 800-63B-4 3.1.2.2: with at least 112 bits, a plain hash is sufficient. */
const codeCharacters = 24;
/** Without l, o, 0 and 1, which are easily confused on paper. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Owns the recovery codes, which replace a lost second factor: ten one-time codes, stored as hashes. */
@Injectable()
export class RecoveryCodes {
  constructor(@Inject(Store) private readonly store: Store) {}

  async countLeft(userId: string): Promise<number> {
    const row = await this.store.one<{ count: number | string }>(codeStatements.countLeft, userId);
    return Number(row?.count ?? 0);
  }

  /** Reads within the unit of work. */
  async countLeftIn(unit: Unit, userId: string): Promise<number> {
    const row = await unit.one<{ count: number | string }>(codeStatements.countLeft, userId);
    return Number(row?.count ?? 0);
  }

  /** Replaces all codes by ten new ones. @returns the codes, to be shown once */
  async make(unit: Unit, userId: string, now: EpochSeconds): Promise<readonly string[]> {
    await unit.change(codeStatements.forget, userId);
    const codes = Array.from({ length: codeCount }, newCode);
    for (const code of codes) await unit.change(codeStatements.insert, userId, hashOf(code), now);
    return codes;
  }

  /** Consumes a code, in any case and with or without hyphens. True for exactly one caller. */
  async consume(unit: Unit, userId: string, typed: string, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(codeStatements.consume, userId, hashOf(typed), now)) === 1;
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
