/** The command line was not understood: exit 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** What was asked for exists already, or does not exist: exit 3. */
export class WrongRecord extends Error {
  constructor(
    readonly code: 'exists' | 'not_found',
    message: string,
  ) {
    super(message);
    this.name = 'WrongRecord';
  }
}

/** It was understood and refused: exit 1. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refused';
  }
}

export const usage = `Usage: npm run -s gatehouse -- COMMAND [--json]

  user add --username U [--password-stdin] [--name N] [--email E [--email-verified]] [--role R]…
           [--claim NAME=VALUE]…    (birthdate=1990-12-31, phone_number=+16045551234, address.locality=London …)
  user invite --email E… [--role R]…   (prints a link to create an account, and mails it where there is a mail server)
  user list [--search TEXT]
  user show --username U
  user update --username U [--new-username N] [--name N] [--email E] [--email-verified | --email-unverified]
           [--role R]… [--claim NAME=VALUE]…   (what is not named stays; an empty value takes it away)
  user reset-password --username U [--password-stdin]   (ends sessions and grants; without a password: a link to set one)
  user disable | enable | link | reset-mfa  --username U
  session list [--username U]
  session end --id ID | --username U
  client add --name N [--redirect-uri URI]… [--post-logout-redirect-uri URI]… [--grant-type G]… [--response-type T]…
             [--scope S]… [--default-scope S]… [--auth-method M | --public] [--application-type web|native]
             [--jwks-file F] [--METADATA VALUE]… [--metadata-file F]
             [--owner USERNAME] [--no-pkce] [--no-consent] [--second-factor] [--service-account]
             --service-account: it gets tokens for itself (client_credentials) at every API, within its scopes. Without
             an owner, --grant-type client_credentials means the same; a client with an owner needs the flag.
             [--exchange "API [impersonation]"…]
             METADATA: any of RFC 7591, OpenID Connect Registration and the logout specifications, such as --client-uri,
             --id-token-signed-response-alg, --request-uri (once for each), --backchannel-logout-uri, --require-auth-time.
             F: JSON, by the names of the specifications; options go before it.
  client update --id CLIENT_ID [the metadata options of client add] [--metadata-file F]   (null in F takes one away)
             [--default-scope S]… [--owner USERNAME] [--exchange …]   (an empty value takes it away)
             [--pkce | --no-pkce] [--consent | --no-consent] [--second-factor | --no-second-factor]
             [--service-account | --no-service-account]   (one of them with a new --owner of a client that acts for itself)
  client list [--search TEXT] [--state new|approved|restricted|disabled]
  client show | approve | restrict | unrestrict | disable | enable  --id CLIENT_ID
  client rotate-secret --id CLIENT_ID [--overlap SECONDS]
  client roles --id CLIENT_ID [--username U --role R… | --none]   (roles of the application's own)
  client remove --id CLIENT_ID
  resource add --identifier URI [--name N] [--scope S | S=SENTENCE]… [--token-format jwt|opaque] [--signing-alg A]
             [--lifetime SECONDS] [--allow consent|anyone] [--credentials]
  resource list
  resource remove --identifier URI
  issuer add --issuer ISS [--name N] --jwks-uri URI | --jwks-file F  [--subject email|username|id] --client CLIENT_ID… --scope S…
             (whose assertions get access tokens, RFC 7523)
  issuer list | remove --issuer ISS
  registration-token add [--name N] [--uses COUNT] [--lifetime SECONDS] [--approve]
             (an initial access token, RFC 7591; --approve: clients that register with it are approved at once)
  registration-token list | remove --id ID
  keys list | rotate [--now]
  outbox list [--failed]                (what must reach others: logouts, mail)
  doctor   (checks the set-up and says what to fix; exit 1 if anything has to be fixed)
  settings list   (effective settings and where they come from, without secrets)
  audit verify [--head HASH]   (finds a changed, removed or added event; exit 1)
  audit export [--since INSTANT] [--until INSTANT]   (JSON lines)
  outbox retry --id ID | --failed
  migrate status | up [--dry-run] | down [--dry-run]
  backup --to FILE                      (SQLite, also while the provider runs; the key file is not in it)
  restore --from FILE [--replace]       (SQLite, while the provider is stopped)
  database compact                      (SQLite, while the provider is stopped: gives free space back to the disk)
  store copy [--from URL] --to URL | --to-file FILE [--from-snapshot] [--replace]
             (FILE holds the target's URL. The source is GATEHOUSE_DATABASE_URL unless --from names another, and must not
             be in use. A further run applies what has changed since.
             --from-snapshot: the provider may run; what it writes meanwhile is not in the copy.
             --replace: discards what was changed in the target since)
  store accept-issuer                   (GATEHOUSE_ISSUER was changed on purpose: ends the warnings about it)

It works on GATEHOUSE_DATABASE_URL, also while the provider runs, which sees a change within a second.
--json prints one object. Exit status: 0 done, 1 failed, 2 usage, 3 exists already or not found.
`;
