import { parse as parseForm, stringify } from 'node:querystring';
import { verify } from '@node-rs/argon2';
import { accessSeconds, clients, issuer, now, refreshSeconds, store } from './limit-context.mjs';
import { form, json, redirect } from './limit-http.mjs';
import { newToken, parseToken, proves } from './limit-tokens.mjs';

function cookie(request, name) {
  const text = request.headers.cookie ?? '';
  const at = text.indexOf(`${name}=`);
  return at < 0 ? undefined : text.slice(at + name.length + 1).split(';', 1)[0];
}

function sessionOf(request) {
  const presented = parseToken(cookie(request, 'session'));
  const row = presented && store.session.get(presented.selector, now());
  return presented && proves(presented, row) ? row : undefined;
}

export async function authorize(request, response, query) {
  const parameters = parseForm(query);
  const client = clients.get(parameters.client_id);
  if (!client || client.redirectUri !== parameters.redirect_uri)
    return json(response, 400, { error: 'invalid_request' });
  const scope = parameters.scope.split(' ');
  if (
    parameters.response_type !== 'code' ||
    parameters.code_challenge_method !== 'S256' ||
    !scope.every((one) => client.scope.has(one))
  )
    return json(response, 400, { error: 'invalid_request' });
  const session = sessionOf(request);
  const at = now();
  if (!session) {
    const interaction = newToken();
    await store.run(() => store.insertPending.run(interaction.selector, query, at + accessSeconds));
    return redirect(response, `/login?request=${interaction.selector}`);
  }
  const consented = store.consent.get(session.user_id, client.id)?.scope.split(' ') ?? [];
  if (!store.user.get(session.user_id) || !scope.every((one) => consented.includes(one)))
    return json(response, 400, { error: 'consent_required' });
  const grant = newToken();
  const code = newToken();
  await store.run(() => {
    store.insertGrant.run(
      grant.selector,
      client.id,
      session.user_id,
      session.id,
      parameters.scope,
      session.auth_time,
      at + 60,
    );
    store.insertCode.run(
      code.selector,
      code.hash,
      grant.selector,
      client.id,
      parameters.redirect_uri,
      parameters.scope,
      parameters.code_challenge,
      parameters.nonce ?? null,
      at + 60,
    );
  });
  return redirect(
    response,
    `${client.redirectUri}?${stringify({ code: code.text, state: parameters.state, iss: issuer })}`,
  );
}

export function loginPage(response, query) {
  const page = `<!doctype html><title>Log in</title><form method="post" action="/login?${query}"><input name="username"><input type="password" name="password"><button type="submit">Log in</button></form>`;
  response.writeHead(200, [
    'Content-Type',
    'text/html; charset=utf-8',
    'Cache-Control',
    'no-store',
    'Content-Length',
    String(page.length),
  ]);
  response.end(page);
}

export async function login(request, response, query) {
  const parameters = await form(request);
  const user = store.userByName.get(parameters.username);
  if (!user || !(await verify(user.password_hash, parameters.password))) return json(response, 401, { error: 'wrong' });
  const session = newToken();
  const at = now();
  const interaction = store.pending.get(Number(parseForm(query).request), at);
  await store.run(() =>
    store.insertSession.run(
      session.selector,
      session.hash,
      session.verifier.slice(0, 22),
      user.id,
      at,
      at + refreshSeconds,
    ),
  );
  return redirect(
    response,
    interaction ? `/authorize?${interaction.parameters}` : '/',
    `session=${session.text}; Path=/; HttpOnly; SameSite=Lax`,
  );
}
