import { IdPrimaryColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A web origin of a client's redirect URIs: its scripts may read responses of the token endpoint (CORS). */
@Entity('client_origins')
export class ClientOriginEntity {
  /** `https://app.example.com`, as browsers send it. */
  @TextPrimaryColumn()
  origin!: string;

  @IdPrimaryColumn()
  clientId!: string;
}
