/** What the consent page says of each scope. */
const sentences: Readonly<Record<string, string>> = {
  openid: 'Know who you are (an identifier of your account)',
  profile: 'Read your name and username',
  email: 'Read your e-mail address',
  offline_access: 'Keep this access while you are away, until you take it back',
  roles: 'Read your roles',
};

export function scopeSentence(scope: string): string {
  return sentences[scope] ?? scope;
}
