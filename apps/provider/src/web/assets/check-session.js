// The check-session frame of OpenID Connect Session Management 1.0, 3.2: a client's page sends `client_id session_state`
// and is told whether the login of this browser is still the one that it knows.
(() => {
  'use strict';

  const cookieStart = '__Host-gatehouse_browser_state=';
  const question = /^([\x20-\x7e]{1,300}) ([\w-]{43})\.([\w-]{1,64})$/;

  const browserState = () =>
    document.cookie
      .split('; ')
      .find((cookie) => cookie.startsWith(cookieStart))
      ?.slice(cookieStart.length);

  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=+$/, '');

  // A browser that keeps cookies from frames of other sites shows none, whoever is logged in. `changed` would send the
  // client to us again and again; after `error` it must not ask.
  const seesCookies = async () => !document.hasStorageAccess || (await document.hasStorageAccess());

  const answer = async (data, origin) => {
    const [, clientId, hash, salt] = (typeof data === 'string' && question.exec(data)) || [];
    if (!hash) return 'error';
    const state = browserState();
    if (state === undefined) return (await seesCookies()) ? 'changed' : 'error';
    const text = new TextEncoder().encode(`${clientId} ${origin} ${state} ${salt}`);
    return toText(await crypto.subtle.digest('SHA-256', text)) === hash ? 'unchanged' : 'changed';
  };

  addEventListener('message', (event) => {
    // A page without an origin of its own (a sandbox, a file) has no session state, and cannot be answered alone.
    if (!event.source || event.origin === 'null') return;
    void answer(event.data, event.origin).then((said) => event.source.postMessage(said, event.origin));
  });
})();
