import type { Ddl } from '@gatehouse/platform/database/ddl';

/** Clients and their registration, APIs, and the servers whose assertions are accepted. */
export function clientTables(t: Ddl): readonly string[] {
  return [...clients(t), ...registration(t), ...resources(t)];
}

function clients(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE clients (
      id ${t.id} PRIMARY KEY NOT NULL, name ${t.text} NOT NULL, type ${t.text} NOT NULL,
      application_type ${t.text} NOT NULL, auth_method ${t.text} NOT NULL,
      redirect_uris ${t.json} NOT NULL, default_redirect_uri ${t.text}, post_logout_redirect_uris ${t.json} NOT NULL,
      grant_types ${t.json} NOT NULL, response_types ${t.json} NOT NULL,
      scope ${t.json} NOT NULL, default_scope ${t.json} NOT NULL, id_token_signed_response_alg ${t.text} NOT NULL,
      pkce_required ${t.flag} NOT NULL, consent_required ${t.flag} NOT NULL,
      owner_id ${t.id} REFERENCES users (id) ON DELETE SET NULL,
      created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL, disabled_at ${t.instant},
      metadata ${t.json} NOT NULL DEFAULT '{}', source ${t.text} NOT NULL DEFAULT 'admin', approved_at ${t.instant},
      last_used_at ${t.instant}, registered_address ${t.text}, registered_with ${t.text},
      registration_token_hash ${t.bytes}, second_factor_required ${t.flag} NOT NULL DEFAULT false,
      acts_for_itself ${t.flag} NOT NULL DEFAULT FALSE, resource_server ${t.flag} NOT NULL DEFAULT FALSE,
      token_exchange ${t.json} NOT NULL DEFAULT '[]', limited_at ${t.instant})`,
    `CREATE INDEX clients_owner ON clients (owner_id)`,
    `CREATE INDEX clients_name ON clients (name, id)`,
    `CREATE INDEX clients_created ON clients (created_at, id)`,
    // The few that nobody approved: counted by address, and cleared by their last use.
    `CREATE INDEX clients_unapproved ON clients (registered_address) WHERE approved_at IS NULL`,
    `CREATE INDEX clients_unused ON clients (last_used_at) WHERE approved_at IS NULL`,
    // `secret_sealed`: secrets that must be known themselves, for HMAC and for encryption.
    `CREATE TABLE client_secrets (
      id ${t.id} PRIMARY KEY NOT NULL, client_id ${t.id} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
      secret_hash ${t.bytes} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant}, secret_sealed ${t.text})`,
    `CREATE INDEX client_secrets_client ON client_secrets (client_id)`,
    `CREATE TABLE client_origins (
      origin ${t.text} NOT NULL, client_id ${t.id} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
      PRIMARY KEY (origin, client_id))`,
    `CREATE INDEX client_origins_client ON client_origins (client_id)`,
    `CREATE TABLE application_roles (
      client_id ${t.text} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
      user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, role ${t.text} NOT NULL,
      PRIMARY KEY (client_id, user_id, role))`,
    `CREATE INDEX application_roles_user ON application_roles (user_id)`,
  ];
}

function registration(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE initial_access_tokens (
      id ${t.id} PRIMARY KEY NOT NULL, token_hash ${t.bytes} NOT NULL, name ${t.text} NOT NULL,
      uses ${t.integer} NOT NULL, most_uses ${t.integer},
      created_at ${t.instant} NOT NULL, expires_at ${t.instant}, last_used_at ${t.instant})`,
    `CREATE UNIQUE INDEX initial_access_tokens_hash ON initial_access_tokens (token_hash)`,
    `CREATE TABLE registration_rates (
      bucket ${t.text} PRIMARY KEY NOT NULL, window_started_at ${t.instant} NOT NULL, registrations ${t.integer} NOT NULL)`,
    `CREATE INDEX registration_rates_window ON registration_rates (window_started_at)`,
  ];
}

function resources(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE resources (
      id ${t.id} PRIMARY KEY NOT NULL, identifier ${t.text} NOT NULL, name ${t.text} NOT NULL,
      scopes ${t.json} NOT NULL, token_format ${t.text} NOT NULL, signing_algorithm ${t.text} NOT NULL,
      access_token_lifetime ${t.integer}, access ${t.text} NOT NULL,
      client_id ${t.id} REFERENCES clients (id) ON DELETE SET NULL,
      created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL)`,
    `CREATE UNIQUE INDEX resources_identifier ON resources (identifier)`,
    // RFC 7523
    `CREATE TABLE trusted_issuers (
      id ${t.id} PRIMARY KEY NOT NULL, issuer ${t.text} NOT NULL, name ${t.text} NOT NULL,
      jwks_uri ${t.text}, jwks ${t.json}, subject ${t.text} NOT NULL, clients ${t.json} NOT NULL, scope ${t.json} NOT NULL,
      created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL)`,
    `CREATE UNIQUE INDEX trusted_issuers_issuer ON trusted_issuers (issuer)`,
  ];
}
