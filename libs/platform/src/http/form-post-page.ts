/**
 * A page that sends parameters to another origin by POST: an external script submits it; without scripts the user presses a
 * button.
 * @param script URL of the script; undefined for the button alone
 * @see OAuth 2.0 Form Post Response Mode 2
 */
export function formPostPage(
  action: string,
  parameters: Readonly<Record<string, string>>,
  script: string | undefined,
): string {
  const fields = Object.entries(parameters).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const button = '<p>To go on, press the button.</p><button type="submit">Continue</button>';
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>One moment</title></head><body>',
    `<form method="post" action="${escapeHtml(action)}" data-submit="now">`,
    ...fields,
    script === undefined ? button : `<noscript>${button}</noscript>`,
    '</form>',
    ...(script === undefined ? [] : [`<script src="${escapeHtml(script)}"></script>`]),
    '</body></html>',
  ].join('\n');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
