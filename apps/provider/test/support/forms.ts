import { formOf, unescape, type Answer, type Browser } from './browser';

export type Fields = readonly (readonly [string, string])[];

/** The fields of the open page's form as a browser would send them, repeated ones included. */
export function fieldsOf(browser: Browser, action?: string): [string, string][] {
  return formOf(browser.page?.text ?? '', action).fields;
}

/** The values of the rows' buttons or boxes of this name on the page that is open, from the top. */
export function rowValues(browser: Browser, name: string): string[] {
  const page = browser.page?.text ?? '';
  return [...page.matchAll(new RegExp(` name="${name}" value="([^"]*)"`, 'g'))].map(([, value]) =>
    unescape(value ?? ''),
  );
}

/** Sends a form of the open page with exactly these fields, in their order; `csrf` is the page's. Redirects are not followed. */
export async function sendFields(
  browser: Browser,
  fields: Fields,
  action?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const form = formOf(browser.page?.text ?? '', action);
  const csrf = form.fields.find(([name]) => name === 'csrf');
  const url = new URL(form.action ?? browser.address, browser.address).href;
  const body = new URLSearchParams(
    [...(csrf && !fields.some(([name]) => name === 'csrf') ? [csrf] : []), ...fields].map(
      ([name, value]): [string, string] => [name, value],
    ),
  );
  const answer = await browser.send(url, {
    method: 'POST',
    body: body.toString(),
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Origin: new URL(browser.address).origin,
      ...headers,
    },
  });
  browser.page = answer;
  browser.address = url;
  return answer;
}

/** These fields in the place of those of the same name. */
export function changed(
  fields: Fields,
  changes: Readonly<Record<string, string | readonly string[]>>,
): [string, string][] {
  const others = fields.filter(([name]) => !(name in changes)).map(([name, value]): [string, string] => [name, value]);
  return [
    ...others,
    ...Object.entries(changes).flatMap(([name, value]) =>
      (typeof value === 'string' ? [value] : value).map((each): [string, string] => [name, each]),
    ),
  ];
}

export function values(fields: Fields, name: string): string[] {
  return fields.filter(([field]) => field === name).map(([, value]) => value);
}
