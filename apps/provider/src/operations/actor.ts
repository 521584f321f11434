import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import type { SignIn } from '@gatehouse/domain/oauth';
import type { AuditEvent } from '../audit/audit.service.js';

/** The origin of a request, for the audit log. */
interface Origin {
  readonly address: string;
  readonly requestId: string;
}

/** A user on a page, or with their access token at the API. */
export interface UserActor extends Origin {
  readonly kind: 'person';
  readonly userId: string;
  readonly roles: readonly string[];
  /** The sign-in of the session or of the token's grant; undefined for a token without a sign-in. */
  readonly signIn: SignIn | undefined;
  /** Whether the account has a second factor, which a trusted browser may have skipped. */
  readonly hasSecondFactor: boolean;
  /** The session on a page; undefined at the API. */
  readonly sessionId?: string | undefined;
  /** The client whose access token was presented; undefined on a page. */
  readonly clientId?: string | undefined;
  /** The access token that was presented; undefined on a page. */
  readonly tokenSelector?: Selector | undefined;
  readonly now: EpochSeconds;
}

/** A service account: a client with its own access token with the scope `gatehouse:admin`. */
export interface ClientActor extends Origin {
  readonly kind: 'client';
  readonly clientId: string;
  /** The access token that was presented. */
  readonly tokenSelector: Selector;
  readonly now: EpochSeconds;
}

/** Someone on a page who is not signed in: signing up, or opening a link from an e-mail. */
export interface VisitorActor extends Origin {
  readonly kind: 'visitor';
  /** The account of the visitor's one-time link, for the audit log; undefined without a link. Grants no rights. */
  readonly linkedUserId: string | undefined;
  readonly now: EpochSeconds;
}

/** Someone with access to the server's command line; the audit log records the operating-system user. */
export interface CommandLineActor {
  readonly kind: 'command-line';
  readonly now: EpochSeconds;
}

/** The server itself, for jobs and the first start. */
export interface SystemActor {
  readonly kind: 'system';
  readonly now: EpochSeconds;
}

/** The origin of a dynamic registration or of a metadata document, for rate limits and quotas. */
interface RateLimitedOrigin extends Origin {
  /** The source for rate limits: an IPv4 address, or the /64 of an IPv6 address. */
  readonly addressKey: string;
}

/** The authorization of a registrant. */
export type RegistrationProof =
  /** None: registration is open. */
  | { readonly kind: 'none' }
  /** RFC 7591 1.2. `approves`: clients that are registered with it are approved. */
  | { readonly kind: 'initial-access-token'; readonly id: string; readonly approves: boolean }
  /** RFC 7592 1.2: the verified token of this client. Each update replaces it. */
  | { readonly kind: 'registration-access-token'; readonly clientId: string; readonly token: string };

/** Registers a client dynamically, or manages a dynamically registered client (RFC 7591, RFC 7592). */
export interface RegistrantActor extends RateLimitedOrigin {
  readonly kind: 'registrant';
  readonly proof: RegistrationProof;
  readonly now: EpochSeconds;
}

/**
 * The server, on behalf of the metadata document at a `client_id` URL; the origin is that of the request with this
 * `client_id`.
 */
export interface MetadataDocumentActor extends RateLimitedOrigin {
  readonly kind: 'metadata-document';
  readonly clientId: string;
  readonly now: EpochSeconds;
}

/** Who performs an operation, and when. */
export type Actor =
  UserActor | ClientActor | VisitorActor | RegistrantActor | MetadataDocumentActor | CommandLineActor | SystemActor;

/** The members of an audit event that identify the actor. */
export function auditActor(actor: Actor): Pick<AuditEvent, 'actorId' | 'address' | 'requestId' | 'viaClientId'> {
  switch (actor.kind) {
    case 'person': {
      const { userId, address, requestId, clientId } = actor;
      return { actorId: userId, address, requestId, viaClientId: clientId };
    }
    case 'client': {
      const { address, requestId, clientId } = actor;
      return { actorId: null, address, requestId, viaClientId: clientId };
    }
    case 'visitor': {
      const { linkedUserId, address, requestId } = actor;
      return { actorId: linkedUserId, address, requestId };
    }
    case 'registrant':
    case 'metadata-document':
      return { address: actor.address, requestId: actor.requestId };
    case 'command-line':
      return {};
    case 'system':
      return { actorId: null };
  }
}

/** The user who acts; undefined when the actor is not a user. */
export function actingUserId(actor: Actor): string | undefined {
  return actor.kind === 'person' ? actor.userId : undefined;
}

/** The client that acts, or with whose access token a user acts; undefined for other actors. */
export function actingClientId(actor: Actor): string | undefined {
  return actor.kind === 'person' || actor.kind === 'client' ? actor.clientId : undefined;
}
