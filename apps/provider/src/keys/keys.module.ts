import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JweDecrypter } from './jwe-decrypter.js';
import { JwtSigner } from './jwt-signer.js';
import { KeysService } from './keys.service.js';
import { RotateKeys } from './operations/rotate-keys.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/**
 * Owns: the key pairs of this server for signing and encryption, sealed in the database: create, publish, use, retire.
 * Invariant: a key is published before it signs, and stays published while anything that it signed can be valid.
 * Must not know: what is signed.
 */
@Module({
  imports: [TypeOrmModule.forFeature([SigningKeyEntity])],
  providers: [RotateKeys, KeysService, JwtSigner, JweDecrypter],
  exports: [KeysService, JwtSigner, JweDecrypter],
})
export class KeysModule {}
