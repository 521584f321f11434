import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { Form } from '@gatehouse/platform/http/form';
import { localAddress } from '@gatehouse/platform/http/local-address';

/** A form that waits for a recent sign-in. */
export interface SavedForm {
  /** The local path and query to which it was sent. */
  readonly address: string;
  readonly fields: readonly (readonly [string, string])[];
}

/** The field of a resumed form that holds the id of the saved form. */
export const resumedField = 'resumed';

const lifetimeSeconds = 3600;
const maxPerUser = 5;
const maxCharacters = 256 * 1024;

const savedFormStatements = {
  insert: statement(
    'kept_forms.insert',
    'INSERT INTO kept_forms (id, user_id, form_sealed, expires_at) VALUES ($1, $2, $3, $4)',
  ),
  /** Runs before a form is saved, so that the newest one is never removed. */
  trim: statement(
    'kept_forms.trim',
    `DELETE FROM kept_forms WHERE user_id = $1 AND id NOT IN (
       SELECT id FROM kept_forms WHERE user_id = $1 ORDER BY expires_at DESC, id LIMIT ${maxPerUser - 1})`,
  ),
  find: statement(
    'kept_forms.find',
    'SELECT form_sealed, expires_at FROM kept_forms WHERE id = $1 AND user_id = $2 AND expires_at > $3',
  ),
  remove: statement('kept_forms.remove', 'DELETE FROM kept_forms WHERE id = $1 AND user_id = $2'),
  purge: statement('kept_forms.purge', 'DELETE FROM kept_forms WHERE expires_at <= $1'),
};

/** Owns forms that wait for a recent sign-in: encrypted, readable only by their sender, at most five per user. */
@Injectable()
export class SavedForms {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  /**
   * @param target path and query to which the form was sent
   * @returns its id; undefined for a form with a secret, which is never saved, and for one that is too long
   */
  async save(userId: string, target: string, form: Form, now: EpochSeconds): Promise<string | undefined> {
    const address = localAddress(target);
    if (address === undefined || form.names.some(isSecret)) return undefined;
    const saved: SavedForm = {
      address,
      fields: form.without(resumedField).names.flatMap((name) => form.all(name).map((value) => [name, value] as const)),
    };
    const text = JSON.stringify(saved);
    if (text.length > maxCharacters) return undefined;
    const id = newSecret();
    await this.store.run(async (unit) => {
      const sealed = this.keyring.seal(formLabel(id), text);
      await unit.change(savedFormStatements.trim, userId);
      await unit.change(savedFormStatements.insert, id, userId, sealed, addSeconds(now, lifetimeSeconds));
    });
    return id;
  }

  async find(
    id: string,
    userId: string,
    now: EpochSeconds,
  ): Promise<(SavedForm & { readonly enteredAt: EpochSeconds }) | undefined> {
    const row = await this.store.one<{ form_sealed: string; expires_at: number | string }>(
      savedFormStatements.find,
      id.slice(0, 100),
      userId,
      now,
    );
    if (!row) return undefined;
    // Encrypted by `save` only.
    const saved = JSON.parse(this.keyring.open(formLabel(id), row.form_sealed).toString('utf8')) as SavedForm;
    // An earlier version saved the address without checking it.
    const address = localAddress(saved.address);
    if (address === undefined) return undefined;
    return { ...saved, address, enteredAt: epochSeconds(Number(row.expires_at) - lifetimeSeconds) };
  }

  /** A resumed form is accepted once. @returns false if it was sent before */
  async removeSent(userId: string, form: Form): Promise<boolean> {
    const id = form.all(resumedField)[0];
    if (id === undefined) return true;
    return (await this.store.run((unit) => unit.change(savedFormStatements.remove, id.slice(0, 100), userId))) === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(savedFormStatements.purge, now);
  }
}

function formLabel(id: string): string {
  return `kept_forms.form_sealed:${id}`;
}

function isSecret(name: string): boolean {
  return /password|secret|otp|attestation|assertion/i.test(name);
}
