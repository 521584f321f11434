import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { unescape } from './browser';

/** What a page asks an authenticator. */
export interface Asked {
  readonly challenge: string;
  readonly user?: { readonly id: string };
  readonly allowCredentials?: readonly { readonly id: string }[];
  readonly userVerification?: string;
}

/** What an attacker would change. */
export interface Changes {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly challenge?: string;
  readonly userVerified?: boolean;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly credentialId?: string;
  readonly breaksSignature?: boolean;
}

/** The options of the page's form whose button has this `data-passkey`. */
export function askedOf(page: string, button: string): Asked {
  const form = page.split('<form ').find((part) => part.includes(`data-passkey="${button}"`));
  const options = /data-options="([^"]+)"/.exec(form ?? '')?.[1];
  if (options === undefined) throw new Error(`no ${button} on this page: ${page}`);
  return JSON.parse(unescape(options)) as Asked;
}

/** A key as JSON, for a fixture. */
export interface SavedKey {
  readonly id: string;
  readonly counter: number;
  readonly userHandle: string;
  readonly privateJwk: JsonWebKey;
}

/** An authenticator in software: one ES256 key (WebAuthn 6). */
export class SoftKey {
  readonly id: Buffer;
  counter: number;
  private userHandle: string;
  private readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

  constructor(
    private readonly site: { readonly origin: string; readonly rpId: string },
    saved?: SavedKey,
  ) {
    this.id = saved ? Buffer.from(saved.id, 'base64url') : randomBytes(16);
    this.counter = saved?.counter ?? 0;
    this.userHandle = saved?.userHandle ?? '';
    if (saved) {
      const privateKey = createPrivateKey({ key: saved.privateJwk, format: 'jwk' });
      this.keys = { privateKey, publicKey: createPublicKey(privateKey) };
    } else this.keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  save(): SavedKey {
    return {
      id: this.id.toString('base64url'),
      counter: this.counter,
      userHandle: this.userHandle,
      privateJwk: this.keys.privateKey.export({ format: 'jwk' }),
    };
  }

  /** The answer of `navigator.credentials.create()`, as the script of the page sends it. */
  create(asked: Asked, changes: Changes = {}, attestation = Buffer.from([0x64, ...Buffer.from('none')])): string {
    this.userHandle = asked.user?.id ?? '';
    const jwk = this.keys.publicKey.export({ format: 'jwk' });
    const [x, y] = [Buffer.from(jwk.x ?? '', 'base64url'), Buffer.from(jwk.y ?? '', 'base64url')];
    const cose = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), x, Buffer.from('225820', 'hex'), y]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const data = Buffer.concat([this.authenticatorData(0x40, changes), Buffer.alloc(16), length, this.id, cose]);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(data.length);
    const object = Buffer.concat([
      Buffer.from([0xa3, 0x63, ...Buffer.from('fmt')]),
      attestation,
      Buffer.from([0x67, ...Buffer.from('attStmt'), 0xa0, 0x68, ...Buffer.from('authData'), 0x59]),
      size,
      data,
    ]);
    return this.written({
      clientDataJSON: this.clientData('webauthn.create', asked, changes).toString('base64url'),
      attestationObject: object.toString('base64url'),
    });
  }

  /** The answer of `navigator.credentials.get()`. */
  get(asked: Asked, changes: Changes = {}): string {
    this.counter++;
    const clientData = this.clientData('webauthn.get', asked, changes);
    const data = this.authenticatorData(0, changes);
    const signature = sign('sha256', Buffer.concat([data, sha256(clientData)]), this.keys.privateKey);
    if (changes.breaksSignature)
      signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
    return this.written(
      {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: changes.userHandle ?? this.userHandle,
      },
      changes.credentialId,
    );
  }

  private written(response: Readonly<Record<string, string>>, id = this.id.toString('base64url')): string {
    return JSON.stringify({ id, type: 'public-key', response });
  }

  private clientData(type: string, asked: Asked, changes: Changes): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: changes.type ?? type,
        challenge: changes.challenge ?? asked.challenge,
        origin: changes.origin ?? this.site.origin,
        crossOrigin: changes.crossOrigin ?? false,
      }),
    );
  }

  private authenticatorData(flags: number, changes: Changes): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(changes.counter ?? this.counter);
    const verified = changes.userVerified === false ? 0 : 0x04;
    return Buffer.concat([sha256(changes.rpId ?? this.site.rpId), Buffer.from([0x01 | verified | flags]), counter]);
  }
}

function sha256(value: string | Buffer): Buffer {
  return createHash('sha256').update(value).digest();
}
