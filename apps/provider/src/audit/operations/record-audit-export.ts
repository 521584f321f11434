import { Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed, readersOnly } from '../../operations/policy.js';

export interface AuditExportInput {
  readonly by: 'page' | 'command line';
  /** The number of events; absent when it is not known in advance. */
  readonly events?: number;
  /** The requested filter and range. */
  readonly filter: Readonly<Record<string, string>>;
}

/** Records an export of the audit log, before the first event is sent. */
@Injectable()
export class RecordAuditExport extends SimpleOperation<AuditExportInput, void> {
  /** @throws OperationError forbidden */
  perform(_unit: Unit, actor: Actor, { by, events, filter }: AuditExportInput): Promise<OperationOutcome<void>> {
    requireAllowed(actor, readersOnly(actor));
    const details = { by, ...(events === undefined ? {} : { events }), ...filter };
    return Promise.resolve({ result: undefined, changes: [{ type: 'audit.exported', details }] });
  }
}
