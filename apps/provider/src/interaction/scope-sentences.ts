/** What the consent page says of each scope. */
const sentences: Readonly<Record<string, string>> = {
  openid: 'Know who you are (an identifier of your account)',
  profile: 'Read your name, username and what else is in your profile',
  email: 'Read your e-mail address',
  address: 'Read your postal address',
  phone: 'Read your phone number',
  offline_access: 'Keep this access while you are away, until you take it back',
  roles: 'Read your roles',
  application_roles: 'Read which roles you have in this application',
  'gatehouse:admin': 'Administrate this server in your name: users, clients, everything that your role lets you change',
  'gatehouse:read': 'Read all that your role lets you see of this server: users, clients, the audit log',
};

export function scopeSentence(scope: string): string {
  return sentences[scope] ?? scope;
}

/** How the consent page calls a claim that is asked for by its name (OpenID Connect Core 5.1). */
const claimLabels: Readonly<Record<string, string>> = {
  name: 'your full name',
  given_name: 'your first name',
  family_name: 'your last name',
  middle_name: 'your middle name',
  nickname: 'your nickname',
  preferred_username: 'your username',
  profile: 'the address of your profile page',
  picture: 'your picture',
  website: 'your website',
  gender: 'your gender',
  birthdate: 'your date of birth',
  zoneinfo: 'your time zone',
  locale: 'your language',
  updated_at: 'when your profile was changed last',
  email: 'your e-mail address',
  email_verified: 'whether your e-mail address was verified',
  address: 'your postal address',
  phone_number: 'your phone number',
  phone_number_verified: 'whether your phone number was verified',
};

export function claimLabel(claim: string): string {
  return claimLabels[claim] ?? claim;
}
