import type { CustomFetch } from 'openid-client';

/** The fetch function for requests to providers; the injection token. Uses the guarded HTTP client of libs/platform. */
export abstract class ProviderFetch {
  abstract readonly fetch: CustomFetch;
}
