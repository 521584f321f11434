import type { AuthorizationRequest, Client } from '@gatehouse/domain/oauth';
import type { InteractionProgress, PendingDevice } from './interaction.js';

/** An authorization request in progress: new (no id yet), or a stored interaction. */
export interface CurrentInteraction {
  readonly id: string | undefined;
  readonly request: AuthorizationRequest;
  readonly client: Client;
  /** The user that a verified `id_token_hint` names. */
  readonly hintedUserId?: string | undefined;
  readonly progress: InteractionProgress;
  /** True: it may be answered once, also by concurrent requests (a pushed request, RFC 9126 4). */
  readonly once?: boolean | undefined;
}

/** A device authorization in progress: always a stored interaction. */
export interface CurrentDeviceInteraction {
  readonly id: string;
  readonly device: PendingDevice;
  readonly client: Client;
  readonly progress: InteractionProgress;
}
