import { clientSettingNames, providerSettingNames } from '@gatehouse/platform/settings/setting-names';
import { namesOf } from '@gatehouse/platform/settings/settings';
import { loadSettings, settingsDefinition } from './settings.js';

const secret = { GATEHOUSE_CLIENT_SESSION_SECRET: 'x'.repeat(32) };

describe("the client's settings", () => {
  it('are all in the list of client settings that the provider accepts', () => {
    const known = new Set(providerSettingNames);
    const clientOnly = namesOf(settingsDefinition).filter((name) => !known.has(name));
    expect(clientOnly.sort()).toEqual([...clientSettingNames].sort());
  });

  it('require only a session secret', () => {
    const settings = loadSettings(secret);
    expect(settings).toMatchObject({
      baseUrl: 'http://localhost:8000',
      host: 'localhost',
      port: 8000,
      databaseUrl: 'sqlite:data/client.sqlite',
      providerSeed: undefined,
    });
    expect(settings.outboundAllow.has('127.0.0.1')).toBe(true);
    expect(settings.sources).toMatchObject({
      sessionSecret: { kind: 'environment', variable: 'GATEHOUSE_CLIENT_SESSION_SECRET' },
      baseUrl: { kind: 'default' },
    });
  });

  it('require a session secret of at least 32 bytes', () => {
    expect(() => loadSettings({})).toThrow('GATEHOUSE_CLIENT_SESSION_SECRET: is required');
    expect(() => loadSettings({ GATEHOUSE_CLIENT_SESSION_SECRET: 'x'.repeat(31) })).toThrow('fewer than 32 bytes');
  });

  it('allow no loopback network and no http with a public base URL', () => {
    const settings = loadSettings({ ...secret, GATEHOUSE_CLIENT_BASE_URL: 'https://app.example' });
    expect(settings.outboundAllow.size).toBe(0);
    expect(settings).toMatchObject({ host: '::', port: 8000 });
    expect(() => loadSettings({ ...secret, GATEHOUSE_CLIENT_BASE_URL: 'http://app.example' })).toThrow('use https');
  });

  it('accept an initial provider only with issuer and client ID', () => {
    const seed = {
      GATEHOUSE_CLIENT_PROVIDER_ISSUER: 'https://id.example/tenant',
      GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID: 'c1',
      GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET: 's1',
    };
    expect(loadSettings({ ...secret, ...seed }).providerSeed).toEqual({
      issuer: 'https://id.example/tenant',
      clientId: 'c1',
      clientSecret: 's1',
    });
    expect(() => loadSettings({ ...secret, GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET: 's1' })).toThrow('set together');
  });

  it("accept the provider's settings in the same environment", () => {
    expect(() => loadSettings({ ...secret, GATEHOUSE_PORT: '5000', GATEHOUSE_ADMIN_PASSWORD: 'x' })).not.toThrow();
    expect(() => loadSettings({ ...secret, GATEHOUSE_PROT: '5000' })).toThrow('the nearest is GATEHOUSE_PORT');
  });
});
