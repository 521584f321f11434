import type { BaselineMigration } from '@gatehouse/platform/database/baseline';
import { ddl } from '@gatehouse/platform/database/ddl';
import type { QueryRunner } from 'typeorm';
import { clientTables } from './20261128-baseline/clients.js';
import { grantTables } from './20261128-baseline/grants.js';
import { logTables } from './20261128-baseline/logs.js';
import { serverTables } from './20261128-baseline/server.js';
import { sessionTables } from './20261128-baseline/sessions.js';
import { userTables } from './20261128-baseline/users.js';

/**
 * The schema of version 0.1. One text for both engines: the column types come from `ddl.ts`. Columns stand in the order in
 * which version 0.1 has them.
 *
 * Hot tables (codes, tokens, grants, authorization requests, sessions) have no foreign keys: their rows end by purge and by
 * one UPDATE of their grant, and every login would pay for a key check on each insert.
 */
export class Baseline1795900000000 implements BaselineMigration {
  readonly name = 'Baseline1795900000000';
  readonly version = '0.1';
  readonly replaces = [
    'FirstSchema1764000000001',
    'ClientMetadata1764000000002',
    'Registration1764000000003',
    'Jose1764000000004',
    'Profiles1764000000005',
    'Outbox1764000000006',
    'ClaimsParameter1764000000007',
    'RefreshAnswers1764000000009',
    'Factors1764000000010',
    'Resources1764000000011',
    'ConsentResources1764000000012',
    'PushedRequests1764000000014',
    'DeviceAuthorizations1764000000015',
    'ServerSecrets1764000000051',
    'SessionClients1764000000061',
    'TokenExchange1764000000069',
    'AuditSeals1764000000070',
    'Invitations1764000000071',
    'AdministrationApi1764000000072',
    'Refusals1764000000073',
    'TrustedIssuers1764000000074',
    'LimitedClients1764000000075',
    'ApplicationRoles1764000000076',
    'ListOrders1764000000077',
    'Dpop1764000000141',
  ];

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const statements of [serverTables, userTables, sessionTables, clientTables, grantTables, logTables])
      for (const text of statements(t)) await runner.query(text);
  }

  /** The schema stays: it is version 0.1's own, which finds its migrations recorded again (`migrateDown`). */
  async down(): Promise<void> {}
}
