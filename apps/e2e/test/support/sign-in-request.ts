import type { Stage } from './stage.js';

/** The address with which an application at `https://first.example.org` starts a sign-in; `changed`: other parameters. */
export function signInRequest(stage: Stage, clientId: string, changed: Record<string, string> = {}): string {
  return `${stage.issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: 'https://first.example.org/authorized',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbGJSstw-cM0',
    code_challenge_method: 'S256',
    ...changed,
  }).toString()}`;
}

/** Sends such a request. @returns `login` if the sign-in may continue, `refused`, or the error that the application is sent */
export async function requestSignIn(...request: Parameters<typeof signInRequest>): Promise<string> {
  const response = await fetch(signInRequest(...request), { redirect: 'manual' });
  const location = response.headers.get('location');
  if (location === null) return response.status === 200 ? 'login' : 'refused';
  return new URL(location, request[0].issuer).searchParams.get('error') ?? 'login';
}
