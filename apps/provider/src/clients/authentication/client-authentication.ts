import type { AuthMethod, Client } from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Requester } from '../resolver/requester.js';

/** What a client sent to prove itself: the header and the body, never the query (RFC 6749 2.3.1). */
export interface PresentedCredentials {
  readonly authorization: string | undefined;
  readonly parameters: ReadonlyMap<string, string>;
  /** Of the endpoint that was called, on the issuer. */
  readonly path: string;
  readonly asker: () => Requester;
}

/** One way in which a client proves itself; registered in `authenticator.ts`, and every endpoint has it. */
export interface ClientAuthentication {
  readonly name: AuthMethod;
  /** Those of assertions; none where nothing is signed. */
  readonly signingAlgorithms?: readonly string[];
  /** True when the request uses this method; two that match are an invalid request (RFC 6749 2.3). */
  matches(credentials: PresentedCredentials): boolean;
  /** The client that it claims to be; undefined when malformed. */
  clientId(credentials: PresentedCredentials): string | undefined;
  authenticate(credentials: PresentedCredentials, client: Client, now: EpochSeconds): Promise<boolean>;
}
