import { Inject, Injectable } from '@nestjs/common';
import { isEmailAddress } from '@gatehouse/domain/kernel';
import { statement, Store } from '@gatehouse/platform/database/store';

const page = statement(
  'users.addresses_page',
  'SELECT id, username, email FROM users WHERE email IS NOT NULL AND id > $1 ORDER BY id LIMIT $2',
);
interface AddressRow {
  id: string;
  username: string;
  email: string;
}

const pageRows = 5_000;
/** The maximum number of usernames to report. */
const maxNames = 10;

export interface UndeliverableAddresses {
  readonly count: number;
  /** The first of the affected accounts. */
  readonly usernames: readonly string[];
}

/**
 * Finds stored addresses that an earlier version accepted but to which no mail is sent: their owners get no security
 * notices.
 */
@Injectable()
export class UndeliverableAddressesService {
  constructor(@Inject(Store) private readonly store: Store) {}

  async find(): Promise<UndeliverableAddresses> {
    const usernames: string[] = [];
    let count = 0;
    let after: string | undefined = '';
    while (after !== undefined) {
      const rows: readonly AddressRow[] = await this.store.all<AddressRow>(page, after, pageRows);
      const undeliverable = rows.filter(({ email }) => !isEmailAddress(email));
      count += undeliverable.length;
      usernames.push(...undeliverable.slice(0, maxNames - usernames.length).map(({ username }) => username));
      after = rows.length < pageRows ? undefined : rows.at(-1)?.id;
    }
    return { count, usernames };
  }
}
