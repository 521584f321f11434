import { answered, clientPost } from '../workloads/messages.mjs';
import { clientOf, verifierOf } from './fill.mjs';

const token = (first, kind, number) => `${(first + number * 2048).toString(36)}.${verifierOf(kind, number)}`;

/** Authenticates as that client; all clients share the secret of the copied one. */
function asClient(side, id) {
  return {
    ...side,
    basic: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(side.client.secret)}`).toString('base64')}`,
  };
}

/** A random stored token: in a large table, nearly every token is used for the first time in a while. */
export function introspectAny(side, stored, connections) {
  return introspect(side, stored, connections, (size) => Math.floor(Math.random() * size));
}

/** A thousand tokens that are in use, spread over all stored tokens. */
export function introspectSome(side, stored, connections) {
  return introspect(side, stored, connections, (size) => Math.floor((Math.floor(Math.random() * 1000) * size) / 1000));
}

function introspect(side, { size, first }, connections, choose) {
  const task = async (connection) => {
    const number = choose(size);
    const text = clientPost(asClient(side, clientOf(number, size)), side.paths.introspect, {
      token: token(first, 'access', number),
    });
    const response = await connection.request(text);
    if (!response.body.startsWith('{"active":true')) throw new Error(`${response.status}: ${response.body}`);
  };
  return Array.from({ length: connections }, () => task);
}

/** A random stored refresh token; after a rotation its successor is used. */
export function refreshAny(side, { size, first }, connections) {
  const successors = new Map();
  const busy = new Set();
  const task = async (connection) => {
    let number = Math.floor(Math.random() * size);
    while (busy.has(number)) number = (number + 1) % size;
    busy.add(number);
    const presented = successors.get(number) ?? token(first, 'refresh', number);
    const text = clientPost(asClient(side, clientOf(number, size)), side.paths.token, {
      grant_type: 'refresh_token',
      refresh_token: presented,
    });
    successors.set(number, answered(await connection.request(text)).refresh_token);
    busy.delete(number);
  };
  return Array.from({ length: connections }, () => task);
}
