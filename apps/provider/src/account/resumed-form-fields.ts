import { metadataGroups } from '../clients/client-property-forms.js';
import { profileFieldGroups } from '../users/profile-form.js';

/** A field of a form that can come back after a sign-in. */
export interface FormField {
  readonly name: string;
  /** `switch`: one checkbox. `list`: several checkboxes or rows of one name. `value`: anything else. */
  readonly kind: 'switch' | 'list' | 'value';
  /** True: the form has it for administrators alone, and it is ignored when others send it. */
  readonly administrators?: boolean;
}

const value = (name: string): FormField => ({ name, kind: 'value' });
const list = (name: string): FormField => ({ name, kind: 'list' });
const toggle = (name: string): FormField => ({ name, kind: 'switch' });
const administrators = (field: FormField): FormField => ({ ...field, administrators: true });

const profile = profileFieldGroups({ profile: {} }, [], 'administrator').flatMap(({ fields }) =>
  fields.map(({ name }) => value(name)),
);

const clientMetadata = metadataGroups
  .flatMap(({ fields }) => fields)
  .map((field) => {
    const shown = field.kind === 'flag' ? toggle(field.member) : value(field.member);
    return field.administrators ? administrators(shown) : shown;
  });

/**
 * Every field of the forms that can come back. An unchecked checkbox is not sent, and a sender may leave out any other
 * field: what a form turns off or takes away is known only by what it could have said.
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
  invitations: [value('emails'), list('role')],
  client: [
    value('name'),
    value('type'),
    value('applicationType'),
    list('redirectUri'),
    value('defaultRedirectUri'),
    list('postLogoutRedirectUri'),
    list('scope'),
    list('defaultScope'),
    list('grantType'),
    list('responseType'),
    value('authMethod'),
    value('idTokenSignedResponseAlg'),
    toggle('pkceRequired'),
    toggle('consentRequired'),
    administrators(toggle('secondFactorRequired')),
    administrators(toggle('actsForItself')),
    administrators(value('tokenExchange')),
    administrators(value('owner')),
    ...clientMetadata,
  ],
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
    value('clients'),
    value('scope'),
    value('resources'),
  ],
} as const satisfies Readonly<Record<string, readonly FormField[]>>;
