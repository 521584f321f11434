import type { Ddl } from '@gatehouse/platform/database/ddl';

/** The audit log and its seals, refused requests, and what happened by the hour. */
export function logTables(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE audit_events (
      selector ${t.selector}, at ${t.instant} NOT NULL, type ${t.text} NOT NULL,
      actor_id ${t.text}, client_id ${t.text}, subject_id ${t.text},
      address ${t.text}, request_id ${t.text}, details ${t.json} NOT NULL)`,
    `CREATE INDEX audit_events_subject ON audit_events (subject_id, selector)`,
    `CREATE INDEX audit_events_actor ON audit_events (actor_id, selector)`,
    `CREATE TABLE audit_seals (
      number ${t.selector}, last_selector ${t.instant} NOT NULL, events ${t.integer} NOT NULL,
      hash ${t.text} NOT NULL, mac ${t.text} NOT NULL, sealed_at ${t.instant} NOT NULL, purged_at ${t.instant})`,
    `CREATE TABLE activity_hours (
      hour ${t.integer} NOT NULL, kind ${t.text} NOT NULL, count ${t.instant} NOT NULL, PRIMARY KEY (hour, kind))`,
    `CREATE TABLE refusals (
      selector ${t.selector}, request_id ${t.text} NOT NULL, at ${t.instant} NOT NULL,
      endpoint ${t.text} NOT NULL, reason ${t.text} NOT NULL, error ${t.text} NOT NULL, description ${t.text} NOT NULL,
      client_id ${t.text}, address ${t.text} NOT NULL, parameters ${t.text} NOT NULL)`,
    `CREATE INDEX refusals_request ON refusals (request_id)`,
    `CREATE INDEX refusals_client ON refusals (client_id, selector)`,
    `CREATE INDEX refusals_at ON refusals (at)`,
    `CREATE TABLE refusal_counts (
      source ${t.text} NOT NULL, hour ${t.integer} NOT NULL, count ${t.instant} NOT NULL, PRIMARY KEY (source, hour))`,
    `CREATE INDEX refusal_counts_hour ON refusal_counts (hour)`,
  ];
}
