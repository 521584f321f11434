import type { AuthMethod, Client } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Requester } from '../resolver/requester.js';

/** The credentials of a request: from the header and the body, never the query (RFC 6749 2.3.1). */
export interface PresentedCredentials {
  readonly authorization: string | undefined;
  readonly parameters: ReadonlyMap<string, string>;
  /** The path of the endpoint, relative to the issuer. */
  readonly path: string;
  readonly requester: () => Requester;
}

/** A client authentication method. Registered in `authenticator.ts`, it is available at every endpoint. */
export interface ClientAuthentication {
  readonly name: AuthMethod;
  /** The algorithms of assertions; absent for methods without signatures. */
  readonly signingAlgorithms?: readonly string[];
  /** True when the request uses this method; a request that matches two is invalid (RFC 6749 2.3). */
  matches(credentials: PresentedCredentials): boolean;
  /** The unverified client id; undefined when malformed. */
  clientId(credentials: PresentedCredentials): string | undefined;
  authenticate(credentials: PresentedCredentials, client: Client, now: EpochSeconds): Promise<boolean>;
}
