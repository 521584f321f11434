import { Inject, Injectable } from '@nestjs/common';
import { AuthorizationCodeGrant } from './authorization-code.js';
import { ClientCredentialsGrant } from './client-credentials.js';
import { DeviceCodeGrant } from './device-code.js';
import type { GrantType } from './grant-type.js';
import { JwtBearerGrant } from './jwt-bearer.js';
import { RefreshTokenGrant } from './refresh-token.js';
import { TokenExchangeGrant } from './token-exchange.js';

/** Every grant type; discovery lists them by itself. */
@Injectable()
export class GrantTypes {
  readonly all: readonly GrantType[];

  constructor(
    @Inject(AuthorizationCodeGrant) code: AuthorizationCodeGrant,
    @Inject(RefreshTokenGrant) refresh: RefreshTokenGrant,
    @Inject(ClientCredentialsGrant) clientCredentials: ClientCredentialsGrant,
    @Inject(DeviceCodeGrant) device: DeviceCodeGrant,
    @Inject(TokenExchangeGrant) exchange: TokenExchangeGrant,
    @Inject(JwtBearerGrant) jwtBearer: JwtBearerGrant,
  ) {
    this.all = [code, refresh, clientCredentials, device, exchange, jwtBearer];
  }

  find(name: string): GrantType | undefined {
    return this.all.find((grantType) => grantType.name === name);
  }
}
