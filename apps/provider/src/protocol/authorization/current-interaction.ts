import type { AuthorizationRequest, Client } from '@gatehouse/domain/oauth';
import type { InteractionProgress, WaitingDevice } from './interaction.js';

/** An authorization request on its way: just arrived (no id yet), or kept. */
export interface CurrentInteraction {
  readonly id: string | undefined;
  readonly request: AuthorizationRequest;
  readonly client: Client;
  /** The person that a verified `id_token_hint` names. */
  readonly hintedUserId?: string | undefined;
  readonly progress: InteractionProgress;
  /** True: of all who answer it at once one does (a pushed request, RFC 9126 4). */
  readonly once?: boolean | undefined;
}

/** A device's request on its way: always kept. */
export interface CurrentDeviceInteraction {
  readonly id: string;
  readonly device: WaitingDevice;
  readonly client: Client;
  readonly progress: InteractionProgress;
}
