// The check-session frame of OpenID Connect Session Management 1.0, 3.2: a client's page sends `client_id session_state`
// and receives whether the login of this browser has changed.
(() => {
  'use strict';

  const cookieStart = '__Host-gatehouse_browser_state=';
  const messageFormat = /^([\x20-\x7e]{1,300}) ([\w-]{43})\.([\w-]{1,64})$/;

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

  // A browser that blocks third-party cookies shows none, even if somebody is signed in. `changed` would make the client
  // start a new authentication again and again; after `error` it must not.
  const seesCookies = async () => !document.hasStorageAccess || (await document.hasStorageAccess());

  const evaluate = async (data, origin) => {
    const [, clientId, hash, salt] = (typeof data === 'string' && messageFormat.exec(data)) || [];
    if (!hash) return 'error';
    const state = browserState();
    if (state === undefined) return (await seesCookies()) ? 'changed' : 'error';
    const text = new TextEncoder().encode(`${clientId} ${origin} ${state} ${salt}`);
    return toText(await crypto.subtle.digest('SHA-256', text)) === hash ? 'unchanged' : 'changed';
  };

  addEventListener('message', (event) => {
    // A page with an opaque origin (a sandbox, a file) has no session state, and cannot be addressed by postMessage.
    if (!event.source || event.origin === 'null') return;
    void evaluate(event.data, event.origin).then((result) => event.source.postMessage(result, event.origin));
  });
})();
