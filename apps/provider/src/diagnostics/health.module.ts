import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { HealthController } from './health.controller.js';

/**
 * Owns: liveness and readiness.
 * Endpoints: /healthz /readyz
 */
@Module({ imports: [KeysModule], controllers: [HealthController] })
export class HealthModule {}
