import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  addSeconds,
  epochSeconds,
  equalInConstantTime,
  formatToken,
  parseToken,
  sha256,
  type EpochSeconds,
  type Selector,
} from '@gatehouse/domain/kernel';
import {
  firstIntervalSeconds,
  formatScope,
  makeUserCode,
  parseScope,
  slowDownSeconds,
  type DeviceAuthorizationRequest,
} from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { newSecret, randomBuffer, SelectorSource } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { Sweeper, type PurgeStep } from '../../database/sweep.js';
import { deviceAuthorizationStatements, type DeviceAuthorizationRow } from './device-authorization.statements.js';

const maxStored = 100_000;
/** Upper limit of the interval of a device that polls too often. */
const maxIntervalSeconds = 60;
/** How long an expired code is reported as expired, before it is purged and reported as unknown. */
const expiredSeconds = 3600;
const userCodeAttempts = 5;

/** The response to a device (RFC 8628 3.2). */
export interface IssuedDeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** A device that waits, or waited, for a user. */
export interface DeviceAuthorization extends DeviceAuthorizationRequest {
  readonly selector: Selector;
  readonly expiresAt: EpochSeconds;
  readonly intervalSeconds: number;
  readonly lastPolledAt: EpochSeconds | undefined;
  readonly decidedAt: EpochSeconds | undefined;
  readonly grantSelector: Selector | undefined;
  readonly consumedAt: EpochSeconds | undefined;
}

/** Owns the devices that wait for a user (RFC 8628), and their codes. */
@Injectable()
export class DeviceAuthorizations {
  private readonly sweeper = new Sweeper(deviceAuthorizationStatements.purge);
  private readonly keys: readonly Buffer[];

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Keyring) keyring: Keyring,
  ) {
    this.keys = keyring.derive('device user code');
  }

  /** @returns undefined when the maximum number of devices is waiting */
  async issue(
    unit: Unit,
    request: DeviceAuthorizationRequest,
    now: EpochSeconds,
  ): Promise<IssuedDeviceCode | undefined> {
    const all = await unit.one<{ count: number }>(deviceAuthorizationStatements.countAll);
    if (Number(all?.count ?? 0) >= maxStored) return undefined;
    const [key] = this.keys;
    if (!key) throw new Error('No key is available to hash user codes.');
    for (let attempt = 0; attempt < userCodeAttempts; attempt++) {
      const token = { selector: this.selectors.next(), verifier: newSecret() };
      const userCode = makeUserCode(() => randomBuffer(1)[0] ?? 0);
      const stored = await unit.change(
        deviceAuthorizationStatements.insert,
        token.selector,
        sha256(token.verifier),
        hashOf(userCode, key),
        request.clientId,
        formatScope(request.scope),
        request.resources.length === 0 ? null : JSON.stringify(request.resources),
        now,
        addSeconds(now, this.settings.deviceCodeLifetimeSeconds),
        firstIntervalSeconds,
      );
      if (stored === 1)
        return {
          deviceCode: formatToken(token),
          userCode,
          expiresInSeconds: this.settings.deviceCodeLifetimeSeconds,
          intervalSeconds: firstIntervalSeconds,
        };
    }
    return undefined;
  }

  /** Finds by device code, decided, consumed and expired ones included; undefined for one that was never issued. */
  async find(deviceCode: string): Promise<DeviceAuthorization | undefined> {
    const token = parseToken(deviceCode);
    if (!token) return undefined;
    const row = await this.store.one<DeviceAuthorizationRow>(deviceAuthorizationStatements.find, token.selector);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return toDeviceAuthorization(row);
  }

  /** Finds the waiting device with this code. @param userCode as `parseUserCode` returns it */
  async findPending(userCode: string, now: EpochSeconds): Promise<DeviceAuthorization | undefined> {
    for (const key of this.keys) {
      const row = await this.store.one<DeviceAuthorizationRow>(
        deviceAuthorizationStatements.findWaiting,
        hashOf(userCode, key),
        now,
      );
      if (row) return toDeviceAuthorization(row);
    }
    return undefined;
  }

  /** The unit of work fails with ConcurrencyConflict when the device has already been decided or has expired. */
  approve(unit: Unit, selector: Selector, grant: Selector, now: EpochSeconds): void {
    unit.expectChange(deviceAuthorizationStatements.approve, selector, now, grant);
  }

  /** False when the device has already been decided or has expired. */
  async deny(unit: Unit, selector: Selector, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(deviceAuthorizationStatements.deny, selector, now)) === 1;
  }

  /** True when the device polls sooner than its interval. Tolerates one second, because instants are whole seconds. */
  polledTooSoon(device: DeviceAuthorization, now: EpochSeconds): boolean {
    return device.lastPolledAt !== undefined && now - device.lastPolledAt < device.intervalSeconds - 1;
  }

  /** Records a poll; one that came too soon increases the interval (RFC 8628 3.5). */
  async notePoll(unit: Unit, device: DeviceAuthorization, now: EpochSeconds): Promise<void> {
    const interval = this.polledTooSoon(device, now)
      ? Math.min(device.intervalSeconds + slowDownSeconds, maxIntervalSeconds)
      : device.intervalSeconds;
    await unit.change(deviceAuthorizationStatements.polled, device.selector, now, interval);
  }

  /** Consumes the device code. Of concurrent requests, exactly one unit of work succeeds. */
  consume(unit: Unit, selector: Selector, now: EpochSeconds): void {
    unit.expectChange(deviceAuthorizationStatements.consume, selector, now);
  }

  /** A step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now - expiredSeconds);
  }
}

function hashOf(userCode: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update(userCode).digest();
}

function toDeviceAuthorization(row: DeviceAuthorizationRow): DeviceAuthorization {
  const instant = (value: number | null): EpochSeconds | undefined =>
    value === null ? undefined : epochSeconds(value);
  return {
    selector: row.selector as Selector,
    clientId: row.client_id,
    scope: parseScope(row.scope),
    resources: row.resources === null ? [] : (JSON.parse(row.resources) as string[]),
    expiresAt: epochSeconds(row.expires_at),
    intervalSeconds: row.interval_seconds,
    lastPolledAt: instant(row.last_polled_at),
    decidedAt: instant(row.decided_at),
    grantSelector: row.grant_selector === null ? undefined : (row.grant_selector as Selector),
    consumedAt: instant(row.consumed_at),
  };
}
