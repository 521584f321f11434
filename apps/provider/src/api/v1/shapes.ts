import { z } from 'zod';
import {
  clientProperties,
  clientPropertyNames,
  maySetClientProperty,
  subjectKinds,
  type ClientPropertyCodec,
} from '@gatehouse/domain/oauth';
import { jwsAlgorithms } from '@gatehouse/domain/jose';
import { accountClaims, addressClaims, profileClaims } from '@gatehouse/domain/oidc';
import { clientPropertyForms } from '../../clients/client-property-forms.js';
import { maxOverlapSeconds } from '../../clients/secret-overlap.js';
import { roles } from '../../users/user.js';

/**
 * The schemas of requests and responses. Loaded with the first call, because most installations make none.
 * Times are seconds since the epoch.
 */
const text = z.string().max(20_000);
const instant = z.int().meta({ description: 'Seconds since the epoch.' });
const id = z.string().min(1).max(300);
const optionalText = text.nullish();

function claimTexts<Name extends string>(names: Readonly<Record<Name, string>>): Record<Name, typeof optionalText> {
  // It has exactly these names.
  return Object.fromEntries(Object.keys(names).map((name) => [name, optionalText])) as Record<
    Name,
    typeof optionalText
  >;
}

const claims = {
  ...claimTexts(accountClaims),
  ...claimTexts(profileClaims),
  phone_number_verified: z.boolean().nullish(),
  address: z.strictObject(claimTexts(addressClaims)).nullish(),
};

const roleList = z.array(z.enum(roles)).max(20);

const userDraft = z.strictObject({
  username: text.meta({ description: 'Letters, digits and . _ @ + - ; compared without case.' }),
  email: optionalText,
  email_verified: z.boolean().optional().meta({
    description: 'False if left out with a new address. Only a verified address can be used to log in.',
  }),
  ...claims,
  roles: roleList.optional().meta({ description: 'By default `user` on creation.' }),
});

const user = z.strictObject({
  id,
  ...userDraft.shape,
  email_verified: z.boolean(),
  roles: z.array(z.string()),
  has_password: z.boolean(),
  disabled: z.boolean(),
  created_at: instant,
  updated_at: instant,
  last_login_at: instant.nullable(),
});

const ofCodec: Readonly<Record<ClientPropertyCodec, () => z.ZodType>> = {
  text: () => text,
  scope: () => text.meta({ description: 'Space-separated scopes.' }),
  list: () => z.array(text).max(100),
  number: () => z.number(),
  flag: () => z.boolean(),
  object: () => z.record(z.string(), z.unknown()),
  exchange_rules: () => z.array(text).max(100),
};

const writable = Object.fromEntries(
  clientPropertyNames
    .filter((name) => maySetClientProperty('administrator', name))
    .map((name) => {
      const { wire, codec } = clientProperties[name];
      const { label, help } = clientPropertyForms[name];
      const description = `${label}. ${help}`;
      return [wire, ofCodec[codec]().nullish().meta({ description })];
    }),
);

const clientDraft = z.strictObject(writable);

const client = z.strictObject({
  client_id: id,
  ...writable,
  resource_server: z.boolean(),
  source: z.string(),
  approved: z.boolean(),
  restricted: z.boolean(),
  disabled: z.boolean(),
  created_at: instant,
});

const secretOnce = z.string().meta({ description: 'Only returned here.' });

const resourceDraft = z.strictObject({
  identifier: text.meta({ description: 'The `resource` of requests and the `aud` of tokens (RFC 8707 2).' }),
  name: text,
  scopes: z.array(z.strictObject({ name: text, sentence: text.optional() })).max(200),
  token_format: z.enum(['jwt', 'opaque']).optional(),
  signing_alg: z.enum(jwsAlgorithms).optional(),
  access_token_lifetime: z.int().nullish().meta({ description: 'Seconds; by default the server’s lifetime.' }),
  allow: z.enum(['consent', 'anyone']).optional(),
});

const resource = z.strictObject({ id, ...resourceDraft.shape, client_id: id.optional() });

const issuerDraft = z.strictObject({
  issuer: text.meta({ description: 'The `iss` of its assertions.' }),
  name: text,
  jwks_uri: text.nullish(),
  jwks: z.record(z.string(), z.unknown()).nullish(),
  subject: z.enum(subjectKinds).meta({ description: 'How its `sub` identifies a user.' }),
  clients: z.array(text).max(100).meta({ description: 'The clients that may present its assertions.' }),
  scope: text.meta({ description: 'Space-separated scopes that tokens may have.' }),
  resources: z.array(text).max(100).optional().meta({
    description:
      'Identifiers of the APIs that tokens may be for. By default, for each scope the only API that defines it.',
  }),
});

const warnings = z
  .array(z.string())
  .optional()
  .meta({ description: 'Effects that may be unintended, such as an unverified address.' });

const setting = z.strictObject({
  name: z.string().meta({ description: 'The environment variable.' }),
  member: z.string().nullable().meta({
    description: 'The name of the member that changes it; null if it can only be set in the environment of the server.',
  }),
  value: z.string().nullable().meta({
    description: 'The effective value, as the environment would contain it; null without one, and for secrets.',
  }),
  secret: z.boolean(),
  set: z.boolean().meta({ description: 'Whether it has a value.' }),
  source: z.enum(['default', 'environment', 'file', 'database']).meta({ description: 'Where the value comes from.' }),
  variable: z.string().nullable().meta({ description: 'The variable that contains the value or names its file.' }),
  stored: z.string().nullable().meta({
    description: 'What is stored in the database, even if the environment decides.',
  }),
});

const shortText = z.string().max(1000).nullish();
const lifetimeSeconds = z.int().nullish();

const settingsPatch = z
  .strictObject({
    product_name: shortText,
    logo: z.string().max(300_000).nullish().meta({
      description: 'A PNG, JPEG, WebP or SVG image of at most 200 kB as a `data:` URL with base64, at best square.',
    }),
    accent: shortText.meta({ description: 'A color such as #1c5b4c, dark enough for white text.' }),
    background: shortText.meta({ description: 'Of the sign-in pages: `pattern` or `plain`.' }),
    support_contact: shortText.meta({ description: '`mailto:` with an address, or an https URL.' }),
    terms_url: shortText.meta({ description: 'An https URL.' }),
    privacy_url: shortText.meta({ description: 'An https URL.' }),
    sign_up: shortText.meta({ description: '`off`, `invitation` or `open`.' }),
    session_lifetime: lifetimeSeconds.meta({ description: 'Seconds; for sessions that begin after the change.' }),
    session_idle_lifetime: lifetimeSeconds.meta({ description: 'Seconds.' }),
    trusted_browser_lifetime: lifetimeSeconds.meta({ description: 'Seconds; 0: never.' }),
    second_factor_roles: roleList.nullish().meta({ description: 'Roles that require a second factor.' }),
  })
  .meta({ description: 'RFC 7396: null removes the stored value, so that the environment or the default decides.' });

/** The bodies of requests. */
export const bodies = {
  NewUser: z.strictObject({
    ...userDraft.shape,
    password: text
      .optional()
      .meta({ description: 'If omitted, the response has a link with which the user sets one.' }),
  }),
  User: userDraft,
  UserPatch: userDraft.partial().meta({ description: 'RFC 7396: null removes a member.' }),
  Client: clientDraft,
  ClientPatch: clientDraft.partial().meta({ description: 'RFC 7396: null removes a member.' }),
  ApplicationRoles: z.strictObject({ roles: z.array(text).max(100) }),
  Rotation: z.strictObject({
    overlap_seconds: z.int().min(0).max(maxOverlapSeconds).optional().meta({
      description: 'How long the old secret remains valid; 0 also ends the tokens that the client got for itself.',
    }),
  }),
  Resource: resourceDraft,
  ResourcePatch: resourceDraft.partial().meta({ description: 'RFC 7396: null removes a member.' }),
  Issuer: issuerDraft,
  IssuerPatch: issuerDraft.partial().meta({ description: 'RFC 7396: null removes a member.' }),
  Invitations: z.strictObject({
    emails: z.array(text).min(1).max(500),
    roles: roleList.optional(),
  }),
  RoleRequirement: z.strictObject({ second_factor: z.boolean() }),
  SettingsPatch: settingsPatch,
  TestMessage: z.strictObject({
    user_id: id.optional().meta({
      description: 'For service accounts: the administrator who gets the message. A user gets it at their own address.',
    }),
  }),
  KeyRotation: z.strictObject({
    at_once: z.boolean().optional().meta({ description: 'Without publishing the new key first, for a leaked key.' }),
  }),
  RegistrationToken: z.strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .refine((name) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(name), 'has control characters'),
    max_uses: z.int().min(1).max(1_000_000).optional(),
    lifetime_seconds: z.int().min(1).max(315_360_000).optional(),
    approves: z.boolean().optional(),
  }),
};

/** The bodies of responses. */
export const shapes = {
  User: user,
  NewUser: z.strictObject({ ...user.shape, password_link: secretOnce.optional(), warnings }),
  ChangedUser: z.strictObject({ ...user.shape, warnings }),
  PasswordLink: z.strictObject({ link: secretOnce }),
  Client: client,
  ClientWithSecret: z.strictObject({ ...client.shape, client_secret: secretOnce.optional() }),
  ApplicationMember: z.strictObject({ user_id: id, roles: z.array(z.string()) }),
  ClientSecret: z.strictObject({ client_id: id, client_secret: secretOnce }),
  Resource: resource,
  Issuer: z.strictObject({ id, ...issuerDraft.shape, created_at: instant }),
  Grant: z.strictObject({
    id: z.int(),
    client_id: id,
    user_id: id,
    scope: z.string(),
    resources: z.array(z.string()),
    created_at: instant,
    last_used_at: instant,
    expires_at: instant,
  }),
  Token: z.strictObject({
    id: z.int(),
    grant_id: z.int().nullable(),
    client_id: id,
    user_id: id.nullable(),
    scope: z.string(),
    audience: z.array(z.string()),
    issued_at: instant,
    last_used_at: instant.nullable(),
    expires_at: instant,
  }),
  Session: z.strictObject({
    id,
    user_id: id,
    browser: z.string(),
    address: z.string().nullable(),
    amr: z.array(z.string()),
    auth_time: instant,
    created_at: instant,
    last_seen_at: instant,
    expires_at: instant,
  }),
  Invitation: z.strictObject({
    id: z.int(),
    email: z.string(),
    roles: z.array(z.string()),
    created_at: instant,
    expires_at: instant,
  }),
  Invited: z.strictObject({
    invited: z.int(),
    links: z
      .array(z.strictObject({ email: z.string(), link: z.string() }))
      .optional()
      .meta({
        description: 'Only without a mail server: no mail is sent, and the caller must deliver the links.',
      }),
  }),
  Role: z.strictObject({ role: z.string(), second_factor: z.boolean() }),
  Settings: z.strictObject({ settings: z.array(setting) }),
  TestMessageResult: z.strictObject({
    delivered: z.boolean().meta({ description: 'Whether the mail server accepted the message.' }),
    recipient: z.string(),
    detail: z.string().meta({ description: 'What the mail server said, and what to change.' }),
  }),
  Key: z.strictObject({
    kid: z.string(),
    alg: z.string(),
    use: z.string(),
    created_at: instant,
    signs_from: instant,
    retired_at: instant.nullable(),
  }),
  Message: z.strictObject({
    id: z.int(),
    kind: z.string(),
    destination: z.string(),
    state: z.string(),
    attempts: z.int(),
    created_at: instant,
    expires_at: instant,
    due_at: instant.nullable(),
    last_failure: z.string().nullable(),
  }),
  RegistrationToken: z.strictObject({
    id,
    name: z.string(),
    uses: z.int(),
    max_uses: z.int().nullable(),
    approves: z.boolean(),
    created_at: instant,
    expires_at: instant.nullable(),
    last_used_at: instant.nullable(),
  }),
  NewRegistrationToken: z.strictObject({ id, token: secretOnce, expires_at: instant.nullable() }),
  AuditEvent: z.strictObject({
    id: z.int(),
    at: instant,
    type: z.string(),
    actor_id: z
      .string()
      .nullable()
      .meta({ description: 'The user who acted, or cli:NAME for the operating-system user of the command line.' }),
    client_id: z.string().nullable(),
    subject_id: z.string().nullable(),
    address: z.string().nullable(),
    request_id: z.string().nullable(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    changes: z
      .record(z.string(), z.union([z.literal('changed'), z.strictObject({ before: z.unknown(), after: z.unknown() })]))
      .meta({ description: 'The changed members; for secrets only "changed".' }),
  }),
  Problem: z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    request_id: z.string().meta({ description: 'As in the log and in the audit log.' }),
    errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
  }),
};

export type BodyName = keyof typeof bodies;
export type ShapeName = keyof typeof shapes;
export type Bodies = { readonly [Name in BodyName]: z.infer<(typeof bodies)[Name]> };
