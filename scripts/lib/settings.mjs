import { isAbsolute, join } from 'node:path';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';

/** A setting of the environment; empty means unset. */
export function setting(name) {
  const value = process.env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** Whether a secret is set, or the file that holds it. */
export function secretIsSet(name) {
  return setting(name) !== undefined || setting(`${name}_FILE`) !== undefined;
}

/** The folder of databases, keys and logs. */
export function dataFolder() {
  const folder = setting('GATEHOUSE_DATA_DIR') ?? 'data';
  return isAbsolute(folder) ? folder : join(root, folder);
}

/**
 * Where an application will be reached and which port it will want, as its own settings would decide it.
 * @param names  of the settings for { origin, host, port }
 * @param standard  { host: of the origin, port }
 */
function plannedAddress(names, standard) {
  const originText = setting(names.origin);
  const origin = originText === undefined ? undefined : parseOrigin(names.origin, originText);
  const portText = setting(names.port);
  const port = portText === undefined ? Number(origin?.port) || standard.port : parsePort(names.port, portText);
  return {
    origin: origin?.origin,
    host: setting(names.host) ?? hostToListenOn(origin?.hostname ?? standard.host),
    port,
    setBy: portText !== undefined ? names.port : origin !== undefined ? names.origin : undefined,
    at: (chosen) => origin?.origin ?? `http://${standard.host}:${chosen}`,
    instead: (next) =>
      portText === undefined
        ? `${names.origin}=${origin?.protocol}//${origin?.hostname}:${next}`
        : `${names.port}=${next}`,
  };
}

/** Where the provider will be. */
export function plannedProvider() {
  const names = { origin: 'GATEHOUSE_ISSUER', host: 'GATEHOUSE_HOST', port: 'GATEHOUSE_PORT' };
  return plannedAddress(names, { host: 'localhost', port: 5000 });
}

/** Where the client will be. */
export function plannedClient() {
  const names = { origin: 'GATEHOUSE_CLIENT_BASE_URL', host: 'GATEHOUSE_CLIENT_HOST', port: 'GATEHOUSE_CLIENT_PORT' };
  return plannedAddress(names, { host: 'localhost', port: 8000 });
}

function parseOrigin(name, text) {
  if (!URL.canParse(text))
    throw new Failure(`${name}: ${JSON.stringify(text)} is not an address such as http://localhost:5000`);
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
