import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { needsSuccessor } from '@gatehouse/domain/jose';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import { Log } from '@gatehouse/platform/telemetry/log';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Lease } from '../database/lease.js';
import { keyKindNames, type KeyKind } from '../keys/key-kinds.js';
import { KeysService } from '../keys/keys.service.js';
import { RotateKeys } from '../keys/operations/rotate-keys.js';
import { Operations } from '../operations/operations.js';

const everyMilliseconds = 10 * 60_000;
const leaseSeconds = 30 * 60;

/** Rotates the server keys on schedule: a new key is published early enough to replace the old one when its signing period ends. */
@Injectable()
export class KeyRotation implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private readonly lease: Lease;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) store: Store,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(KeysService) private readonly keys: KeysService,
    @Inject(Log) private readonly log: Log,
  ) {
    this.lease = new Lease(store, 'key rotation', leaseSeconds);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.rotate().catch((error: unknown) => this.log.error({ err: error }, 'signing keys could not be rotated'));
    }, everyMilliseconds).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns the kinds that got a new key; none when another process holds the lease */
  async rotate(): Promise<KeyKind[]> {
    const now = this.clock.now();
    const { keySignSeconds, keyPrepublishSeconds } = this.settings;
    const keys = await this.keys.list();
    const due = keyKindNames.filter((kind) =>
      needsSuccessor(
        keys.filter((key) => key.kind === kind),
        { signSeconds: keySignSeconds, prepublishSeconds: keyPrepublishSeconds },
        now,
      ),
    );
    if (due.length === 0 || !(await this.lease.hold(now))) return [];
    await this.operations.execute(RotateKeys, { kind: 'system', now }, { atOnce: false, kinds: due });
    return due;
  }
}
