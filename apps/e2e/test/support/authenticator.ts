import type { Page } from 'playwright-core';

/** A virtual authenticator of Chromium (WebAuthn 11, automation). */
export interface Authenticator {
  /** Its credentials: ids and signature counters. */
  credentials(): Promise<readonly { readonly credentialId: string; readonly signCount: number }[]>;
  /** Whether it performs user verification from now on. */
  verifies(yes: 'verifies' | 'only touches'): Promise<void>;
  remove(): Promise<void>;
}

export async function addAuthenticator(
  page: Page,
  options: { readonly hasUserVerification?: boolean } = {},
): Promise<Authenticator> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: options.hasUserVerification ?? true,
      isUserVerified: options.hasUserVerification ?? true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    verifies: async (yes) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: yes === 'verifies' });
    },
    remove: async () => {
      await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    },
  };
}
