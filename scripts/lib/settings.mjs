import { isAbsolute, join } from 'node:path';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';

/** A setting from the environment; an empty value means unset. */
export function setting(name) {
  const value = process.env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** Whether a secret, or the path of its file, is set. */
export function secretIsSet(name) {
  return setting(name) !== undefined || setting(`${name}_FILE`) !== undefined;
}

/** The folder of databases, keys and logs. */
export function dataFolder() {
  const folder = setting('GATEHOUSE_DATA_DIR') ?? 'data';
  return isAbsolute(folder) ? folder : join(root, folder);
}

/**
 * The origin, host and port of an application according to its settings.
 * @param names  the settings for { origin, host, port }
 * @param defaults  { host: of the origin, port }
 */
function plannedAddress(names, defaults) {
  const originText = setting(names.origin);
  const origin = originText === undefined ? undefined : parseOrigin(names.origin, originText);
  const portText = setting(names.port);
  const port = portText === undefined ? Number(origin?.port) || defaults.port : parsePort(names.port, portText);
  return {
    origin: origin?.origin,
    host: setting(names.host) ?? hostToListenOn(origin?.hostname ?? defaults.host),
    port,
    setBy: portText !== undefined ? names.port : origin !== undefined ? names.origin : undefined,
    at: (selectedPort) => origin?.origin ?? `http://${defaults.host}:${selectedPort}`,
    instead: (next) =>
      portText === undefined
        ? `${names.origin}=${origin?.protocol}//${origin?.hostname}:${next}`
        : `${names.port}=${next}`,
  };
}

/** The provider's address. */
export function plannedProvider() {
  const names = { origin: 'GATEHOUSE_ISSUER', host: 'GATEHOUSE_HOST', port: 'GATEHOUSE_PORT' };
  return plannedAddress(names, { host: 'localhost', port: 5000 });
}

/** The client's address. */
export function plannedClient() {
  const names = { origin: 'GATEHOUSE_CLIENT_BASE_URL', host: 'GATEHOUSE_CLIENT_HOST', port: 'GATEHOUSE_CLIENT_PORT' };
  return plannedAddress(names, { host: 'localhost', port: 8000 });
}

function parseOrigin(name, text) {
  if (!URL.canParse(text))
    throw new Failure(`${name}: ${JSON.stringify(text)} is not a URL such as http://localhost:5000`);
  return new URL(text);
}

function parsePort(name, text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Failure(`${name}: ${JSON.stringify(text)} is not a port (1 to 65535)`);
  return port;
}

function hostToListenOn(hostname) {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) ? hostname : '::';
}
