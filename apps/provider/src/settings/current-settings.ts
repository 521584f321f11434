import {
  effectiveSettings,
  type EditableValues,
  type EffectiveSettings,
  type StoredTexts,
} from './editable-settings.js';
import type { LoadedSettings } from '../config/settings.js';

/**
 * The settings that administrators can change while the server runs. Always take a value where it is used: it can be another
 * one for the next request. Reading costs nothing: `StoredSettings` replaces the values when they were changed, in any process.
 */
export class CurrentSettings {
  private stored: StoredTexts = {};
  private effective: EffectiveSettings;
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly loaded: LoadedSettings) {
    this.effective = effectiveSettings(loaded, {});
  }

  current(): EditableValues {
    return this.effective.values;
  }

  /** Where the values come from. */
  get sources(): EffectiveSettings['sources'] {
    return this.effective.sources;
  }

  /** The settings of the environment, which limit what can be stored. */
  get environment(): LoadedSettings {
    return this.loaded;
  }

  /** Registers a listener that is called after each change. It must not throw. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Replaces the stored settings. */
  use(stored: StoredTexts): void {
    if (JSON.stringify(stored) === JSON.stringify(this.stored)) return;
    this.stored = stored;
    this.effective = effectiveSettings(this.loaded, stored);
    for (const listener of this.listeners) listener();
  }
}
