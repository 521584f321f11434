import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A browser's login. Read and written by the named statements beside this file. */
@Entity('sessions')
export class SessionEntity {
  /** The part of the cookie value that finds the row; new at every login. */
  @SelectorPrimaryColumn()
  selector!: number;

  /** The `sid` of tokens. */
  @IdColumn()
  id!: string;

  /** SHA-256 of the cookie's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  @IdColumn()
  userId!: string;

  /** 0 while a second factor is still required, otherwise 1. */
  @IntegerColumn()
  isFull!: number;

  @InstantColumn()
  authTime!: number;

  @JsonColumn()
  amr!: string[];

  @TextColumn({ nullable: true })
  acr!: string | null;

  @InstantColumn()
  createdAt!: number;

  /** Coalesced: written at most once a minute. */
  @InstantColumn()
  lastSeenAt!: number;

  /** The end of its maximum lifetime; the purge deletes it later. */
  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  endedAt!: number | null;

  @TextColumn({ nullable: true })
  userAgent!: string | null;

  @TextColumn({ nullable: true })
  address!: string | null;
}
