import { IdPrimaryColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A web origin of a client's redirect URIs: scripts of such a page may read what the token endpoint answers. */
@Entity('client_origins')
export class ClientOriginEntity {
  /** `https://app.example.com`, as browsers send it. */
  @TextPrimaryColumn()
  origin!: string;

  @IdPrimaryColumn()
  clientId!: string;
}
