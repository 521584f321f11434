import { statement } from '@gatehouse/platform/database/store';
import { sweptTable } from '../../database/sweep.js';

export interface CodeRow {
  selector: number;
  verifier_hash: Buffer;
  grant_selector: number;
  client_id: string;
  redirect_uri: string;
  redirect_uri_sent: number;
  scope: string;
  code_challenge: string | null;
  nonce: string | null;
  dpop_jkt: string | null;
  issued_at: number;
  expires_at: number;
  consumed_at: number | null;
}

export const codeStatements = {
  insert: statement(
    'authorization_codes.insert',
    `INSERT INTO authorization_codes (selector, verifier_hash, grant_selector, client_id, redirect_uri, redirect_uri_sent,
       scope, code_challenge, nonce, issued_at, expires_at, dpop_jkt)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
  ),
  find: statement('authorization_codes.find', 'SELECT * FROM authorization_codes WHERE selector = $1'),
  /** RFC 6749 4.1.2: a code is used once. One conditional statement decides between concurrent requests. */
  consume: statement(
    'authorization_codes.consume',
    'UPDATE authorization_codes SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL',
  ),
  /** Unused codes are deleted when they expire, consumed ones when no token of their grant can still be valid. */
  purge: sweptTable(
    'authorization_codes',
    'expires_at <= $3 AND (consumed_at IS NULL OR NOT EXISTS (SELECT 1 FROM grants WHERE grants.selector = grant_selector))',
  ),
};
