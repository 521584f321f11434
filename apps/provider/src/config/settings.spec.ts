import { providerSettingNames } from '@gatehouse/platform/settings/setting-names';
import { namesOf, type Environment } from '@gatehouse/platform/settings/settings';
import { keyFileOf, loadSettings, settingsDefinition } from './settings.js';

function errorOf(environment: Environment): string {
  try {
    loadSettings(environment);
  } catch (error) {
    return String(error);
  }
  return '';
}

describe("the provider's settings", () => {
  it('are all in the list of names that the client knows', () => {
    expect([...providerSettingNames].sort()).toEqual([...namesOf(settingsDefinition)].sort());
  });

  it('have defaults with which the provider starts', () => {
    expect(loadSettings({})).toMatchObject({
      issuer: 'http://localhost:5000',
      host: 'localhost',
      port: 5000,
      databaseUrl: 'sqlite:data/provider.sqlite',
      pkce: 'required',
      registration: 'token',
      signUp: 'off',
      throttle: true,
      codeLifetimeSeconds: 60,
      refreshRetryWindowSeconds: 30,
      tls: undefined,
    });
    expect(Object.isFrozen(loadSettings({}))).toBe(true);
  });

  it.each([
    [{ GATEHOUSE_PORT: '5001' }, 'http://localhost:5001', 'localhost', 5001],
    [{ GATEHOUSE_ISSUER: 'http://localhost:7000/' }, 'http://localhost:7000', 'localhost', 7000],
    [{ GATEHOUSE_ISSUER: 'http://[::1]:7000' }, 'http://[::1]:7000', '::1', 7000],
    [{ GATEHOUSE_ISSUER: 'https://id.example' }, 'https://id.example', '::', 5000],
    [{ GATEHOUSE_ISSUER: 'https://id.example:8443', GATEHOUSE_PORT: '80' }, 'https://id.example:8443', '::', 80],
    [{ GATEHOUSE_ISSUER: 'http://id.example', GATEHOUSE_INSECURE_HTTP: '1' }, 'http://id.example', '::', 5000],
    [{ GATEHOUSE_ISSUER: 'https://id.example', GATEHOUSE_HOST: '10.0.0.1' }, 'https://id.example', '10.0.0.1', 5000],
  ])('derive issuer, host and port from %j', (environment, issuer, host, port) => {
    expect(loadSettings(environment)).toMatchObject({ issuer, host, port });
  });

  it.each([
    [{ GATEHOUSE_ISSUER: 'http://id.example' }, 'GATEHOUSE_INSECURE_HTTP=1'],
    [{ GATEHOUSE_ISSUER: 'https://id.example/auth' }, 'has a path'],
    [{ GATEHOUSE_ISSUER: 'https://id.example/?x' }, 'query or fragment'],
    [{ GATEHOUSE_TLS_CERT: 'c.pem', GATEHOUSE_ISSUER: 'https://id.example' }, 'GATEHOUSE_TLS_KEY'],
    [{ GATEHOUSE_TLS_CERT: 'c.pem', GATEHOUSE_TLS_KEY: 'k.pem' }, 'must be https'],
    [{ GATEHOUSE_DATABASE_URL: 'postgres://db/gatehouse' }, 'GATEHOUSE_SECRET_KEY: is required with PostgreSQL'],
    [{ GATEHOUSE_DATABASE_URL: 'mysql://u:hunter2@db' }, 'does not begin with sqlite: or postgres://'],
    [{ GATEHOUSE_KEY_RETIRE_SECONDS: '60' }, 'shorter than the lifetime of the tokens'],
    [{ GATEHOUSE_CODE_LIFETIME: '601' }, 'GATEHOUSE_CODE_LIFETIME'],
    [{ GATEHOUSE_CLIENT_SESION_SECRET: 'x' }, 'GATEHOUSE_CLIENT_SESSION_SECRET'],
    [{ GATEHOUSE_PRODUCT_NAME: 'Gate<b>' }, 'GATEHOUSE_PRODUCT_NAME: "Gate<b>" contains a control character or one of'],
    [{ GATEHOUSE_LOGO: 'logo.gif' }, 'GATEHOUSE_LOGO: "logo.gif" must be an .svg or .png file'],
    [{ GATEHOUSE_MAIL_FROM: 'nobody' }, 'GATEHOUSE_MAIL_FROM: "nobody" is not an e-mail address'],
    [{ GATEHOUSE_CLIENT_METADATA_HOSTS: 'a b!' }, 'is not a list of host names'],
  ])('reject %j', (environment, problem) => {
    expect(errorOf(environment)).toContain(problem);
    expect(errorOf(environment)).not.toContain('hunter2');
  });

  it('have a source each', () => {
    const { sources } = loadSettings({ GATEHOUSE_PORT: '5001' });
    expect(Object.keys(sources)).toEqual(Object.keys(settingsDefinition));
    // the issuer is derived from the port, but nobody set it
    expect(sources).toMatchObject({
      issuer: { kind: 'default' },
      port: { kind: 'environment', variable: 'GATEHOUSE_PORT' },
    });
  });

  it('keep the key file next to the embedded database', () => {
    expect(keyFileOf(loadSettings({ GATEHOUSE_DATABASE_URL: 'sqlite:/var/lib/g/p.sqlite' }))).toBe(
      '/var/lib/g/provider.key',
    );
    expect(keyFileOf({ databaseUrl: 'postgres://db/g', dataDir: 'data' })).toBeUndefined();
  });
});
