import { Module } from '@nestjs/common';
import { LanguageController } from './language.controller.js';

/**
 * Owns: what all pages have in common and no other module owns.
 * Endpoints: /language
 */
@Module({ controllers: [LanguageController] })
export class WebModule {}
