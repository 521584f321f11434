import { metadataGroups } from '../clients/client-metadata-fields.js';
import { hasText, text, type Sentence } from '../texts/text.js';
import type { ResumedForm } from './resumed-form.js';

/** One field of a kept form, with all of its values. */
export interface ResumedField {
  readonly name: string;
  /** Undefined: the form has no words for it. */
  readonly label: Sentence | undefined;
  readonly values: readonly string[];
}

/** The labels that the forms of administrators have. */
const labels: Readonly<Record<string, Sentence>> = {
  ...Object.fromEntries(metadataGroups.flatMap(({ fields }) => fields.map(({ member, label }) => [member, label]))),
  name: 'Name',
  username: 'Username',
  email: 'E-mail',
  emails: 'E-mail addresses',
  emailVerified: 'The e-mail address is verified',
  phoneNumberVerified: 'The phone number is verified',
  role: 'Roles',
  roles: 'Roles',
  secondFactor: 'Who needs a second factor',
  type: 'Type',
  applicationType: 'Application',
  redirectUri: 'Redirect URIs',
  defaultRedirectUri: 'Default redirect URI',
  postLogoutRedirectUri: 'Addresses after logout',
  scope: 'Scopes',
  defaultScope: 'Default scopes',
  sentence: 'What the consent page says of the scopes',
  grantType: 'Grant types',
  responseType: 'Response types',
  authMethod: 'How it proves itself at the token endpoint',
  idTokenSignedResponseAlg: 'ID token signature',
  pkceRequired: 'Demand PKCE',
  consentRequired: 'Ask people for their consent',
  secondFactorRequired: 'Demand a second factor',
  actsForItself: 'Let it act for itself at every API',
  tokenExchange: 'Token exchange',
  owner: 'Owner',
  overlap: 'The old secret goes on for (seconds)',
  identifier: 'Identifier',
  tokenFormat: 'Access token',
  signingAlgorithm: 'Signature of a JWT',
  lifetime: 'Lifetime in seconds',
  access: 'Who may ask for a token',
  issuer: 'Issuer',
  jwksUri: 'Address of its keys',
  jwks: 'Keys',
  subject: 'The sub of its assertions is',
  clients: 'Clients that may bring its assertions',
  resources: 'APIs',
  state: 'State',
  mend: 'Change',
  confirm: 'Confirmation',
};

/** Of a person's own pages, in their language. */
const ownLabels: Readonly<Record<string, Sentence>> = {
  email: text('email.label'),
  username: text('delete.confirm'),
};

/** Values that are the number of a row of another field. */
const rowsOf: Readonly<Record<string, string>> = { defaultRedirectUri: 'redirectUri', defaultScope: 'scope' };

/** The fields in their order, those of one name together. */
export function fieldsToShow({ fields, kind, page }: ResumedForm): {
  readonly entered: readonly ResumedField[];
  /** What is sent without a value, which may empty what there was. */
  readonly empty: readonly ResumedField[];
} {
  const byName = new Map<string, string[]>();
  for (const [name, value] of fields) byName.set(name, [...(byName.get(name) ?? []), value]);
  const isOwn = kind === undefined && page.startsWith('/account');
  const all = [...byName].map(([name, typed]) => {
    const rows = byName.get(rowsOf[name] ?? '');
    const values = typed.map((value) => rows?.[Number(value)] ?? value).filter((value) => value.trim() !== '');
    return { name, label: labelOf(name, isOwn), values };
  });
  return {
    entered: all.filter(({ values }) => values.length > 0),
    empty: all.filter(({ values }) => values.length === 0),
  };
}

function labelOf(name: string, isOwn: boolean): Sentence | undefined {
  if (isOwn && Object.hasOwn(ownLabels, name)) return ownLabels[name];
  if (Object.hasOwn(labels, name)) return labels[name];
  const key = `profile.${name}`;
  return hasText(key) ? text(key) : undefined;
}
