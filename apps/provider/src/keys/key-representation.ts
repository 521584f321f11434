import { keyKinds } from './key-kinds.js';
import type { ServerKey } from './keys.service.js';

/** A server key as JSON, without its key material. Instants are seconds since the epoch. */
export function keyRepresentation(key: ServerKey): Record<string, unknown> {
  return {
    kid: key.kid,
    alg: key.kind,
    use: keyKinds[key.kind].use,
    created_at: key.createdAt,
    signs_from: key.signsFrom,
    retired_at: key.retiredAt ?? null,
  };
}
