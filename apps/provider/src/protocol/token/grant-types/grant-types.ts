import { Inject, Injectable } from '@nestjs/common';
import type { TokenRequest } from '@gatehouse/domain/oauth';
import { AuthorizationCodeGrant } from './authorization-code.js';
import { ClientCredentialsGrant } from './client-credentials.js';
import { DeviceCodeGrant } from './device-code.js';
import type { GrantContext, GrantResult } from './grant-type.js';
import { JwtBearerGrant } from './jwt-bearer.js';
import { RefreshTokenGrant } from './refresh-token.js';
import { TokenExchangeGrant } from './token-exchange.js';

/** All grant types of the token endpoint, by the type of the request (`parseTokenRequest`). */
@Injectable()
export class GrantTypes {
  constructor(
    @Inject(AuthorizationCodeGrant) private readonly code: AuthorizationCodeGrant,
    @Inject(RefreshTokenGrant) private readonly refresh: RefreshTokenGrant,
    @Inject(ClientCredentialsGrant) private readonly clientCredentials: ClientCredentialsGrant,
    @Inject(DeviceCodeGrant) private readonly device: DeviceCodeGrant,
    @Inject(TokenExchangeGrant) private readonly exchange: TokenExchangeGrant,
    @Inject(JwtBearerGrant) private readonly jwtBearer: JwtBearerGrant,
  ) {}

  validate(request: TokenRequest, context: GrantContext): Promise<GrantResult> {
    switch (request.grantType) {
      case 'authorization_code':
        return this.code.validate(request, context);
      case 'refresh_token':
        return this.refresh.validate(request, context);
      case 'client_credentials':
        return this.clientCredentials.validate(request, context);
      case 'urn:ietf:params:oauth:grant-type:device_code':
        return this.device.validate(request, context);
      case 'urn:ietf:params:oauth:grant-type:token-exchange':
        return this.exchange.validate(request, context);
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return this.jwtBearer.validate(request, context);
    }
  }
}
