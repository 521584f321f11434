import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import {
  authMethods,
  checkedColumns,
  clientProperties,
  clientPropertyNames,
  grantTypeNames,
  maySetClientProperty,
  metadataProperties,
  responseTypeNames,
  type ClientPropertyCodec,
  type ClientPropertyName,
} from '@gatehouse/domain/oauth';
import { wholeNumber } from '@gatehouse/platform/command-line';
import { clientPropertyForms } from '../../clients/client-property-forms.js';
import { metadataGroups } from '../../clients/client-metadata-sections.js';

/** A client property that is set by an option of its own. */
export interface ClientPropertyOption {
  readonly flag: string;
  /** The member of the parsed options. */
  readonly member: string;
  readonly name: ClientPropertyName;
  readonly wire: string;
  readonly codec: ClientPropertyCodec;
}

/** An option for each client property, except `--owner`, which takes a username. */
export const clientPropertyOptions: readonly ClientPropertyOption[] = clientPropertyNames
  .filter((name) => maySetClientProperty('administrator', name) && name !== 'ownerId')
  .map((name) => {
    const { wire, codec } = clientProperties[name];
    const flag = `--${clientPropertyForms[name].option}`;
    return { flag, member: new Option(flag).attributeName(), name, wire, codec };
  });

/** Values of properties whose definition does not list them: they depend on other properties. */
const dependentChoices: Partial<Record<ClientPropertyName, readonly string[]>> = {
  authMethod: authMethods,
  grantTypes: grantTypeNames,
  responseTypes: responseTypeNames,
};

/** Adds the options of all client properties. */
export function withClientProperties<C extends CommandUnknownOpts>(command: C, act: 'register' | 'update'): C {
  command.addOption(new Option('--public', 'Public client: without a secret').conflicts('authMethod'));
  command.option('--metadata-file <file>', 'Properties as JSON, by their names in RFC 7591');
  for (const property of clientPropertyOptions)
    for (const option of optionsOf(property, act)) {
      const group = metadataGroups.find(({ fields }) => fields.some(({ member }) => member === property.name));
      command.addOption(group ? option.helpGroup(`${String(group.title)}:`) : option);
    }
  return command;
}

function optionsOf(property: ClientPropertyOption, act: 'register' | 'update'): readonly Option[] {
  const { flag, codec } = property;
  const description = descriptionOf(property, act);
  switch (codec) {
    case 'flag': {
      const positive = new Option(flag, description);
      const negative = new Option(flag.replace('--', '--no-')).hideHelp();
      // One line of help for both.
      positive.flags = flag.replace('--', '--[no-]');
      return [positive, negative];
    }
    case 'number':
      return [
        new Option(`${flag} <seconds>`, description).argParser(
          wholeNumber('a number of seconds', { min: 0, max: 999_999_999_999 }),
        ),
      ];
    default:
      return [new Option(`${flag} <${placeholderOf(property)}>`, description)];
  }
}

function placeholderOf({ flag, codec }: ClientPropertyOption): string {
  switch (codec) {
    case 'scope':
      return 'scope...';
    case 'object':
      return 'file';
    case 'exchange_rules':
      return 'rule...';
    default: {
      const noun = flag.endsWith('-uri') ? 'uri' : /-(alg|enc)$/.test(flag) ? 'algorithm' : 'value';
      return codec === 'list' ? `${noun}...` : noun;
    }
  }
}

function descriptionOf({ name, codec }: ClientPropertyOption, act: 'register' | 'update'): string {
  if (codec === 'exchange_rules') return 'API that it may exchange tokens for (RFC 8693): "API" or "API impersonation"';
  const { label, help } = clientPropertyForms[name];
  // The form's help of a list says how to type one there.
  const text = codec === 'list' ? String(label) : `${String(label)}. ${String(help)}`;
  const choices = clientProperties[name].choices ?? dependentChoices[name];
  const initial = act === 'register' ? defaultOf(name) : undefined;
  const notes = [
    ...(choices ? [`choices: ${choices.join(', ')}`] : []),
    ...(initial === undefined ? [] : [`default: ${initial}`]),
  ];
  return notes.length === 0 ? text : `${text} (${notes.join('; ')})`;
}

/** The default of a text or a flag that is on unless it is switched off. */
function defaultOf(name: ClientPropertyName): string | undefined {
  const properties: Readonly<Partial<Record<ClientPropertyName, { readonly default: unknown }>>> = {
    ...checkedColumns,
    ...metadataProperties,
  };
  const value = properties[name]?.default;
  if (value === true) return 'yes';
  return typeof value === 'string' && value !== '' ? value : undefined;
}
