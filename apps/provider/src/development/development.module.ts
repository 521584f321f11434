import { Module } from '@nestjs/common';
import { GalleryController } from './gallery.controller.js';

/**
 * Pages for developers of Gatehouse. The application has this module only when NODE_ENV is `development`, as `npx nx serve`
 * sets it; otherwise the addresses answer 404. It shows no data of the installation.
 */
@Module({ controllers: [GalleryController] })
export class DevelopmentModule {}
