// Passkeys: calls WebAuthn with a form's `data-options`, puts the response into a hidden field and submits the form.
(() => {
  'use strict';

  const forms = [...document.querySelectorAll('form[data-passkey-form]')];
  if (!window.PublicKeyCredential || !navigator.credentials) {
    for (const element of document.querySelectorAll('[data-passkey-only]')) element.hidden = true;
    return;
  }
  if (forms.length === 0) return;

  // The challenge of a page that has been open for longer is fetched again.
  const maxChallengeAge = 30 * 60 * 1000;
  let loadedAt = Date.now();
  let autofill;

  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0));
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=+$/, '');
  const withIds = (list) => (list ?? []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

  const optionsOf = (form) => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = toBytes(options.challenge);
    if (options.user) options.user.id = toBytes(options.user.id);
    if (options.allowCredentials) options.allowCredentials = withIds(options.allowCredentials);
    if (options.excludeCredentials) options.excludeCredentials = withIds(options.excludeCredentials);
    return options;
  };

  const serialize = (credential) => {
    const { response } = credential;
    const parts = {};
    for (const name of ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle', 'attestationObject'])
      if (response[name]) parts[name] = toText(response[name]);
    if (response.getTransports) parts.transports = response.getTransports();
    return JSON.stringify({ id: credential.id, type: credential.type, response: parts });
  };

  const send = (form, credential) => {
    form.elements[form.dataset.passkeyForm === 'create' ? 'attestation' : 'assertion'].value = serialize(credential);
    form.submit();
  };

  const refresh = async () => {
    if (Date.now() - loadedAt < maxChallengeAge) return;
    const response = await fetch(location.href, { credentials: 'same-origin' });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const form of forms) {
      const fresh = page.querySelector(
        `form[action="${form.getAttribute('action')}"][data-passkey-form="${form.dataset.passkeyForm}"]`,
      );
      if (!fresh) continue;
      form.dataset.options = fresh.dataset.options;
      form.elements.csrf.value = fresh.elements.csrf.value;
    }
    loadedAt = Date.now();
  };

  // The page contains the messages, in its language.
  const messageIds = { NotAllowedError: 'notAllowed', InvalidStateError: 'known', SecurityError: 'address' };
  const showMessage = (form, which) => {
    const place = form.querySelector('[data-passkey-message]');
    place.textContent = which === undefined ? '' : place.dataset[which];
    place.hidden = which === undefined;
  };

  const run = async (form) => {
    autofill?.abort();
    showMessage(form, undefined);
    try {
      await refresh();
      const publicKey = optionsOf(form);
      const credential =
        form.dataset.passkeyForm === 'create'
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
      if (credential) send(form, credential);
    } catch (error) {
      showMessage(form, messageIds[error.name] ?? 'failed');
      offer();
    }
  };

  // Offers passkeys in the autofill of the username field (conditional mediation).
  const offer = async () => {
    const form = forms.find((each) => 'autofill' in each.dataset);
    if (!form || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    autofill = new AbortController();
    try {
      const credential = await navigator.credentials.get({
        publicKey: optionsOf(form),
        mediation: 'conditional',
        signal: autofill.signal,
      });
      if (credential) send(form, credential);
    } catch {
      // Aborted by the button, or declined by the user.
    }
  };

  for (const form of forms)
    for (const button of form.querySelectorAll('button[data-passkey]')) {
      button.hidden = false;
      button.disabled = false;
      button.addEventListener('click', () => void run(form));
    }
  // Enter in the name field acts as the button.
  for (const form of forms)
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void run(form);
    });
  void offer();
})();
