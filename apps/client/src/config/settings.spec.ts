import { clientSettingNames, providerSettingNames } from '@gatehouse/platform/settings/setting-names';
import { namesOf } from '@gatehouse/platform/settings/settings';
import { loadSettings, settingsDefinition } from './settings.js';

const secret = { GATEHOUSE_CLIENT_SESSION_SECRET: 'x'.repeat(32) };

describe("the client's settings", () => {
  it('are all known to the provider', () => {
    const known = new Set(providerSettingNames);
    const own = namesOf(settingsDefinition).filter((name) => !known.has(name));
    expect(own.sort()).toEqual([...clientSettingNames].sort());
  });

  it('are usable with a session secret alone', () => {
    const settings = loadSettings(secret);
    expect(settings).toMatchObject({
      baseUrl: 'http://localhost:8000',
      host: 'localhost',
      port: 8000,
      databaseUrl: 'sqlite:data/client.sqlite',
      providerSeed: undefined,
    });
    expect(settings.outboundAllow.has('127.0.0.1')).toBe(true);
  });

  it('demand a session secret of 32 bytes', () => {
    expect(() => loadSettings({})).toThrow('GATEHOUSE_CLIENT_SESSION_SECRET: is required');
    expect(() => loadSettings({ GATEHOUSE_CLIENT_SESSION_SECRET: 'x'.repeat(31) })).toThrow('fewer than 32 bytes');
  });

  it('reach no network of their own from a public base URL', () => {
    const settings = loadSettings({ ...secret, GATEHOUSE_CLIENT_BASE_URL: 'https://app.example' });
    expect(settings.outboundAllow.size).toBe(0);
    expect(settings).toMatchObject({ host: '::', port: 8000 });
    expect(() => loadSettings({ ...secret, GATEHOUSE_CLIENT_BASE_URL: 'http://app.example' })).toThrow('use https');
  });

  it('take a provider to begin with, whole', () => {
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

  it("share the provider's environment", () => {
    expect(() => loadSettings({ ...secret, GATEHOUSE_PORT: '5000', GATEHOUSE_ADMIN_PASSWORD: 'x' })).not.toThrow();
    expect(() => loadSettings({ ...secret, GATEHOUSE_PROT: '5000' })).toThrow('the nearest is GATEHOUSE_PORT');
  });
});
