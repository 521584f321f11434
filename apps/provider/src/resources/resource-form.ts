import type { Resource, ResourceDraft } from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import type { FieldProblem } from '../web/form-errors.js';
import { changeRows, maxRows, type ListField } from '../web/list-fields.js';

/** The form of an API as submitted: unchecked, with blank rows. */
export interface ResourceFormValues {
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly { readonly name: string; readonly sentence: string }[];
  readonly tokenFormat: string;
  readonly signingAlgorithm: string;
  /** Seconds; empty for the server's default. */
  readonly lifetime: string;
  readonly access: string;
}

export const scopeList = { list: 'scopes', row: 'scope', label: 'client.scopeRow' } as const satisfies ListField;

export const blankResourceForm: ResourceFormValues = {
  identifier: '',
  name: '',
  scopes: [{ name: '', sentence: '' }],
  tokenFormat: 'jwt',
  signingAlgorithm: 'ES256',
  lifetime: '',
  access: 'consent',
};

export function resourceFormOf(resource: Resource): ResourceFormValues {
  return {
    identifier: resource.identifier,
    name: resource.name,
    scopes: resource.scopes,
    tokenFormat: resource.tokenFormat,
    signingAlgorithm: resource.signingAlgorithm,
    lifetime: resource.accessTokenLifetimeSeconds === undefined ? '' : String(resource.accessTokenLifetimeSeconds),
    access: resource.access,
  };
}

export function readResourceForm(form: Form): ResourceFormValues {
  const sentences = form.all('sentence');
  return {
    identifier: form.text('identifier').trim(),
    name: form.text('name'),
    scopes: form
      .all('scope')
      .slice(0, maxRows)
      .map((name, row) => ({ name, sentence: sentences[row] ?? '' })),
    tokenFormat: form.text('tokenFormat'),
    signingAlgorithm: form.text('signingAlgorithm'),
    lifetime: form.text('lifetime').trim(),
    access: form.text('access'),
  };
}

/** Handles a button of the list of scopes; undefined for other actions. */
export function changeScopes(
  values: ResourceFormValues,
  action: string,
): { readonly values: ResourceFormValues; readonly focus: string } | undefined {
  const changed = changeRows(scopeList, values.scopes, action, { name: '', sentence: '' });
  return changed && { values: { ...values, scopes: changed.rows }, focus: changed.focus };
}

/** Converts the form to a draft without blank rows; `inForm` maps a problem to the row of the form. */
export function toResourceDraft(values: ResourceFormValues): {
  readonly draft: ResourceDraft;
  inForm(problem: FieldProblem): FieldProblem;
} {
  const rows: number[] = [];
  const scopes = values.scopes.flatMap(({ name, sentence }, row) => {
    if (name.trim() === '' && sentence.trim() === '') return [];
    rows.push(row);
    return [{ name: name.trim(), sentence: sentence.trim() }];
  });
  return {
    draft: {
      identifier: values.identifier,
      name: values.name,
      scopes,
      tokenFormat: values.tokenFormat,
      signingAlgorithm: values.signingAlgorithm,
      // NaN is rejected like a number out of range.
      accessTokenLifetimeSeconds: values.lifetime === '' ? undefined : Number(values.lifetime),
      access: values.access,
    },
    inForm: ({ field, message }) => {
      if (field === 'accessTokenLifetimeSeconds') return { field: 'lifetime', message };
      const row = /^scopes\.(\d+)$/.exec(field)?.[1];
      return { field: row === undefined ? field : `scopes.${rows[Number(row)] ?? row}`, message };
    },
  };
}
