import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { webauthnHelpers } from './webauthn.js';

/** WebAuthn 6.1 and 5.8.7: a credential id has at most 1023 bytes, an RSA key a few hundred. */
const maxCharacters = 16_384;
const maxIdCharacters = 1400;
const knownTransports = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

/** Parses an AuthenticationResponseJSON (WebAuthn 5.1.8) from `passkey.js`; undefined if it is malformed. */
export function parseAssertion(text: string): AuthenticationResponseJSON | undefined {
  const parsed = parseResponse(text);
  const [authenticatorData, signature, clientDataJSON] = ['authenticatorData', 'signature', 'clientDataJSON'].map(
    (name) => parsed?.texts[name],
  );
  if (!parsed || authenticatorData === undefined || signature === undefined || clientDataJSON === undefined)
    return undefined;
  const userHandle = parsed.texts['userHandle'];
  return {
    id: parsed.id,
    rawId: parsed.id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      authenticatorData,
      signature,
      clientDataJSON,
      ...(userHandle === undefined || userHandle === '' ? {} : { userHandle }),
    },
  };
}

/** Parses a RegistrationResponseJSON (WebAuthn 5.1.8) from `passkey.js`; undefined if it is malformed. */
export function parseAttestation(text: string): RegistrationResponseJSON | undefined {
  const parsed = parseResponse(text);
  const attestationObject = parsed?.texts['attestationObject'];
  const clientDataJSON = parsed?.texts['clientDataJSON'];
  if (!parsed || attestationObject === undefined || clientDataJSON === undefined) return undefined;
  return {
    id: parsed.id,
    rawId: parsed.id,
    type: 'public-key',
    clientExtensionResults: {},
    response: { attestationObject, clientDataJSON, transports: parsed.transports },
  };
}

/**
 * Removes the attestation statement from a credential: none is requested, and an untrusted one (certificates with URLs
 * to fetch) is never parsed.
 */
export async function withoutAttestation(
  response: RegistrationResponseJSON,
): Promise<RegistrationResponseJSON | undefined> {
  const { decodeAttestationObject, isoBase64URL, isoCBOR } = await webauthnHelpers();
  try {
    const object = decodeAttestationObject(isoBase64URL.toBuffer(response.response.attestationObject));
    const bare = isoCBOR.encode(
      new Map<string, string | Uint8Array | Map<string, never>>([
        ['fmt', 'none'],
        ['attStmt', new Map<string, never>()],
        ['authData', object.get('authData')],
      ]),
    );
    return {
      ...response,
      response: { ...response.response, attestationObject: isoBase64URL.fromBuffer(bare) },
    };
  } catch {
    return undefined;
  }
}

interface ParsedResponse {
  readonly id: string;
  readonly texts: Readonly<Record<string, string | undefined>>;
  readonly transports: string[];
}

function parseResponse(text: string): ParsedResponse | undefined {
  if (text.length > maxCharacters) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isRecord(value['response'])) return undefined;
  const { id, response } = value;
  if (typeof id !== 'string' || id.length > maxIdCharacters || !isBase64url(id)) return undefined;
  const texts = Object.fromEntries(
    Object.entries(response).flatMap(([name, member]) =>
      typeof member === 'string' && isBase64url(member) ? [[name, member]] : [],
    ),
  );
  if (texts['clientDataJSON'] === undefined || isFramed(texts['clientDataJSON'])) return undefined;
  const sent: unknown = response['transports'];
  const transports = Array.isArray(sent) ? knownTransports.filter((transport) => sent.includes(transport)) : [];
  return { id, texts, transports };
}

/** Pages of this server cannot be framed, so a response created in a cross-origin frame is rejected (WebAuthn 7.2 step 10). */
function isFramed(clientDataJSON: string): boolean {
  try {
    const clientData: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
    return !isRecord(clientData) || clientData['crossOrigin'] === true;
  } catch {
    return true;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBase64url(text: string): boolean {
  return /^[A-Za-z0-9_-]*$/.test(text);
}
