import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import type { SignIn } from '@gatehouse/domain/oauth';
import type { AuditEvent } from '../audit/audit.service.js';

/** Where a request came from, for the audit log. */
interface Origin {
  readonly address: string;
  readonly requestId: string;
}

/** A person at a page, or by an access token of theirs at the API. */
export interface UserActor extends Origin {
  readonly kind: 'person';
  readonly userId: string;
  readonly roles: readonly string[];
  /** The sign-in of the session or of the token's grant; undefined for a token that comes from no sign-in. */
  readonly signIn: SignIn | undefined;
  /** Whether the account has a second factor, which a trusted browser may have skipped. */
  readonly hasSecondFactor: boolean;
  /** The session at a page; undefined at the API. */
  readonly sessionId?: string | undefined;
  /** The client whose access token was presented; undefined at a page. */
  readonly clientId?: string | undefined;
  /** The access token that was presented; undefined at a page. */
  readonly tokenSelector?: Selector | undefined;
  readonly now: EpochSeconds;
}

/** A service account: a client by an access token of its own, with the scope `gatehouse:admin`. */
export interface ClientActor extends Origin {
  readonly kind: 'client';
  readonly clientId: string;
  /** The access token that was presented. */
  readonly tokenSelector: Selector;
  readonly now: EpochSeconds;
}

/** Someone at a page who is not signed in: who signs up, or opens a link from a mail. */
export interface VisitorActor extends Origin {
  readonly kind: 'visitor';
  /** The account that the visitor's one-time link is for, for the audit log; undefined without a link. It gives no rights. */
  readonly linkedUserId: string | undefined;
  readonly now: EpochSeconds;
}

/** Someone with access to the server's command line; the audit log has the operating-system user. */
export interface CommandLineActor {
  readonly kind: 'command-line';
  readonly now: EpochSeconds;
}

/** The server itself: jobs, and the first start. */
export interface SystemActor {
  readonly kind: 'system';
  readonly now: EpochSeconds;
}

/** Where a request came from that registers or describes a client by itself: rates and quotas go by it. */
interface CountedOrigin extends Origin {
  /** What counts as one source: an IPv4 address, or the /64 of an IPv6 address. */
  readonly addressKey: string;
}

/** What a registrant proves its right by. */
export type RegistrationProof =
  /** Nothing: registration is open. */
  | { readonly kind: 'none' }
  /** RFC 7591 1.2. `approves`: what registers with it is approved. */
  | { readonly kind: 'initial-access-token'; readonly id: string; readonly approves: boolean }
  /** RFC 7592 1.2: the token of this client, which was compared. Each update replaces it. */
  | { readonly kind: 'registration-access-token'; readonly clientId: string; readonly token: string };

/** Registers a client by protocol, or manages a client that registered itself (RFC 7591, RFC 7592). */
export interface RegistrantActor extends CountedOrigin {
  readonly kind: 'registrant';
  readonly proof: RegistrationProof;
  readonly now: EpochSeconds;
}

/** The server, by a document at the address that is a `client_id`; the origin is that of the request which named it. */
export interface MetadataDocumentActor extends CountedOrigin {
  readonly kind: 'metadata-document';
  readonly clientId: string;
  readonly now: EpochSeconds;
}

/** Who performs an operation, and when. */
export type Actor =
  UserActor | ClientActor | VisitorActor | RegistrantActor | MetadataDocumentActor | CommandLineActor | SystemActor;

/** The members of an audit event that say who acted. */
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

/** The user who acts, where a user does. */
export function actingUserId(actor: Actor): string | undefined {
  return actor.kind === 'person' ? actor.userId : undefined;
}
