import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { builtInTexts } from './built-in.js';
import { domainMessage } from './domain-messages.js';

const folder = join(__dirname, '../../../../libs/domain/src/oauth');

/** Files of which some sentences are for forms, and others are error descriptions of the protocol. */
const checks =
  /^(client|client-(approval|handover|metadata|properties|property-checks|removal|rights)|jwt-bearer|redirect-uri|resource|resource-identifier|security-profile|token-exchange)\.ts$/;

/** Sentences about an assertion, a request or JSON metadata: the protocol returns them, and no form does. */
const ofProtocol =
  /^(It (has|is|was)|Its |The (subject_token|actor_token|\{\})|A chain of actors|This is \{\}\.)|actor_token/;

interface Found {
  readonly sentence: string;
  readonly file: string;
}

/** The sentences in the code, with `{}` for each value. */
function sentencesIn(file: string): Found[] {
  const source = ts.createSourceFile(file, readFileSync(join(folder, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    let sentence: string | undefined;
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) sentence = node.text;
    else if (ts.isTemplateExpression(node))
      sentence = node.head.text + node.templateSpans.map(({ literal }) => `{}${literal.text}`).join('');
    if (sentence !== undefined && /^[A-Z{h]/.test(sentence) && / .*\.$/.test(sentence) && !isError(node))
      found.push({ sentence, file });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether it is the description of an error of the protocol. */
function isError(node: ts.Node): boolean {
  for (let outer: ts.Node | undefined = node.parent; outer; outer = outer.parent)
    if (ts.isNewExpression(outer)) return true;
  return false;
}

const sentences = readdirSync(folder)
  .filter((name) => checks.test(name))
  .flatMap(sentencesIn)
  .filter(({ sentence }) => !ofProtocol.test(sentence));
describe('the messages of the domain', () => {
  it('are found in its code', () => expect(sentences.length).toBeGreaterThan(90));

  it('are in the catalogue', () => {
    const missing = sentences.filter(
      ({ sentence }) => typeof domainMessage(sentence.replaceAll('{}', '7')) === 'string',
    );
    expect(missing).toEqual([]);
  });

  it.each([
    ['At most 20 grant types.', 'Höchstens 20 Grant-Typen.'],
    ['Enter at least one redirect URI.', 'Geben Sie mindestens eine Redirect-URI ein.'],
    ['There is no grant type "a.b {c}" here.', 'Den Grant-Typ "a.b {c}" gibt es hier nicht.'],
    ['Something else.', 'Something else.'],
  ])('%s', (sentence, german) => {
    const message = domainMessage(sentence);
    const key = typeof message === 'string' ? undefined : message.key;
    const values = typeof message === 'string' ? {} : message.values;
    const translated = key === undefined ? String(message) : (builtInTexts.byLanguage.get('de')?.[key] ?? '');
    expect(translated.replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name]))).toBe(german);
  });
});
