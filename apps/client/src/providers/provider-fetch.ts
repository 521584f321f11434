import type { CustomFetch } from 'openid-client';

/** How providers are asked; the injection token. Made from the guarded HTTP client of libs/platform. */
export abstract class ProviderFetch {
  abstract readonly fetch: CustomFetch;
}
