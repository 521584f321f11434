import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { disableClients, hasMetadata } from '../rollback.js';

/** Members that restrict what a client, or whoever poses as it, may do. */
const restrictions = [
  hasMetadata('requireSignedRequestObject', 'true'),
  hasMetadata('requestObjectSigningAlg'),
  hasMetadata('tokenEndpointAuthSigningAlg'),
  ...['idToken', 'userinfo', 'authorization', 'introspection'].map((what) =>
    hasMetadata(`${what}EncryptedResponseAlg`),
  ),
  hasMetadata('subjectType', '"pairwise"'),
  hasMetadata('requirePushedAuthorizationRequests', 'true'),
  hasMetadata('dpopBoundAccessTokens', 'true'),
  hasMetadata('securityProfile', '"fapi'),
];

/** What clients say of themselves by OpenID Connect Registration and the logout specifications: read with the client, never searched. */
export class ClientMetadata1764000000002 implements MigrationInterface {
  readonly name = 'ClientMetadata1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients ADD COLUMN metadata ${ddl(runner).json} NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before enforces none of these, and would answer them in the clear.
    await disableClients(runner, restrictions.join(' OR '));
    await runner.query('ALTER TABLE clients DROP COLUMN metadata');
  }
}
