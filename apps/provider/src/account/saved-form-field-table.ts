import { clientProperties, type ClientPropertyCodec, type ClientPropertyName } from '@gatehouse/domain/oauth';
import { clientPropertyForms, isForAdministrators, mainProperties } from '../clients/client-property-forms.js';
import { metadataGroups } from '../clients/client-metadata-sections.js';
import { text, type Message } from '../i18n/message.js';
import { profileFieldGroups } from '../users/profile-form.js';

/** A field of a form that can be resumed after a sign-in. */
export interface FormField {
  readonly name: string;
  /** `switch`: one checkbox. `list`: several checkboxes or rows of one name. `value`: anything else. */
  readonly kind: 'switch' | 'list' | 'value';
  /** Undefined: the common label for fields of this name. */
  readonly label?: Message;
  /** True if only administrators have this field; it is ignored if others send it. */
  readonly administrators?: boolean;
}

const value = (name: string): FormField => ({ name, kind: 'value' });
const list = (name: string): FormField => ({ name, kind: 'list' });
const toggle = (name: string): FormField => ({ name, kind: 'switch' });

const profile = profileFieldGroups({ profile: {} }, [], 'administrator').flatMap(({ fields }) =>
  fields.map(({ name }) => value(name)),
);

/** In the form's main section, a list has a row or a checkbox for each value. */
const mainFieldKinds: Readonly<Partial<Record<ClientPropertyCodec, FormField['kind']>>> = {
  flag: 'switch',
  list: 'list',
  scope: 'list',
  exchange_rules: 'list',
};

function clientField(property: ClientPropertyName, kind: FormField['kind']): FormField {
  const { field = property, label } = clientPropertyForms[property];
  return { name: field, kind, label, administrators: isForAdministrators(property) };
}

const clientMain = mainProperties.map((name) =>
  clientField(name, mainFieldKinds[clientProperties[name].codec] ?? 'value'),
);
/** The rows of `tokenExchange` whose tokens do not name the client. */
const impersonation: FormField = {
  name: 'impersonation',
  kind: 'list',
  label: text('clients.administration.impersonation'),
  administrators: true,
};
const clientMetadata = metadataGroups
  .flatMap(({ fields }) => fields)
  .map(({ member, kind }) => clientField(member, kind === 'flag' ? 'switch' : 'value'));

/**
 * Every field of the forms that can be resumed. Unchecked checkboxes are not sent, and a sender may omit any other field, so
 * what a form disables or removes is known only from the fields that it could have.
 */
export const formFields = {
  user: [
    value('username'),
    value('email'),
    toggle('emailVerified'),
    list('role'),
    ...profile,
    toggle('phoneNumberVerified'),
  ],
  roles: [list('secondFactor')],
  branding: ['product_name', 'accent', 'background', 'support_contact', 'terms_url', 'privacy_url'].map(value),
  signInSettings: ['sign_up', 'session_lifetime', 'session_idle_lifetime', 'trusted_browser_lifetime'].map(value),
  invitations: [value('emails'), list('role')],
  client: [value('type'), ...clientMain, impersonation, ...clientMetadata],
  newClient: [value('kind'), value('type'), ...clientMain, impersonation, ...clientMetadata],
  clientRoles: [value('username'), value('roles')],
  clientSecret: [value('overlap')],
  resource: [
    value('identifier'),
    value('name'),
    list('scope'),
    list('sentence'),
    value('tokenFormat'),
    value('signingAlgorithm'),
    value('lifetime'),
    value('access'),
  ],
  issuer: [
    value('name'),
    value('issuer'),
    value('jwksUri'),
    value('jwks'),
    value('subject'),
    list('clients'),
    value('scope'),
    list('resources'),
  ],
} as const satisfies Readonly<Record<string, readonly FormField[]>>;
