import { InstantColumn, JsonColumn, SelectorPrimaryColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An audit event. Appended by the named statement of its service; never changed. */
@Entity('audit_events')
export class AuditEventEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  @InstantColumn()
  at!: number;

  @TextColumn()
  type!: string;

  /** The id of the user who acted, or `cli:NAME` for the command line; null for a visitor, a client or the server itself. */
  @TextColumn({ nullable: true })
  actorId!: string | null;

  @TextColumn({ nullable: true })
  clientId!: string | null;

  /** The user, session, grant … that it concerns. */
  @TextColumn({ nullable: true })
  subjectId!: string | null;

  @TextColumn({ nullable: true })
  address!: string | null;

  /** The request's id, as in the log and on error pages. */
  @TextColumn({ nullable: true })
  requestId!: string | null;

  @JsonColumn()
  details!: Record<string, unknown>;
}
