/**
 * Reads the catalogue of errors out of the source: every class with a stable `code`, and what its docstring says. A
 * class with one code is described by its sentence and by `@remedy what to do`; one with several has for each of them
 * `@means Code: what it says` and `@remedy Code: what to do`.
 */
import {
  type ClassDeclaration,
  type JSDoc,
  type Node,
  type PropertyDeclaration,
  type SourceFile,
  SyntaxKind,
  type TypeNode,
} from 'ts-morph';

/** One code. */
export interface CataloguedError {
  /** The folder below `operator/` in which it is declared. */
  readonly room: string;
  readonly code: string;
  readonly meaning: string;
  readonly remedy: string;
}

/**
 * An error class does not say what it means or what to do about it.
 * @remedy add the tag that the message shows to the docstring of the class
 */
export class ErrorUndescribed extends Error {
  override readonly name = 'ErrorUndescribed';
  readonly code = 'ErrorUndescribed';
}

/** The errors of these files, in the order of files and declarations. Throws ErrorUndescribed. */
export function catalogueOf(files: readonly SourceFile[]): readonly CataloguedError[] {
  return files.flatMap((file) => file.getClasses().flatMap(errorsOf));
}

function errorsOf(declared: ClassDeclaration): readonly CataloguedError[] {
  const property = declared.getProperty('code');
  if (declared.getExtends() === undefined || property === undefined) return [];
  // The first statement of a file also has the docstring of the file.
  const doc = declared.getJsDocs().at(-1);
  const codes = codesOf(property, doc);
  const [first = ''] = codes;
  if (codes.length === 1) {
    const [remedy] = tagged(doc, 'remedy');
    return [described(declared, first, oneLine(doc?.getCommentText()), remedy)];
  }
  return codes.map((code) => described(declared, code, ofCode(doc, 'means', code), ofCode(doc, 'remedy', code)));
}

function described(declared: ClassDeclaration, code: string, meaning = '', remedy = ''): CataloguedError {
  const path = declared.getSourceFile().getFilePath();
  if (meaning !== '' && remedy !== '') {
    return { room: /[/]operator[/]([^/]+)[/]/.exec(path)?.[1] ?? '', code, meaning, remedy };
  }
  const lacks = meaning === '' ? `@means ${code}: what it says` : `@remedy ${code}: what to do`;
  throw new ErrorUndescribed(
    `${path}: ${declared.getName()} does not describe its code ${code}; add \`${lacks}\` to its docstring, without the code if it has but one`,
  );
}

/** `code = 'A'`, `code: 'A' | 'B'`, a type of the same file that is such a union; of a plain string, what the tags name. */
function codesOf(property: PropertyDeclaration, doc: JSDoc | undefined): readonly string[] {
  const initial = property.getInitializerIfKind(SyntaxKind.StringLiteral);
  if (initial !== undefined) return [initial.getLiteralText()];
  if (property.getTypeNode()?.getText() !== 'string') return literalsIn(aliased(property.getTypeNode()));
  return tagged(doc, 'remedy').map((text) => text.slice(0, text.indexOf(': ')));
}

function aliased(type: TypeNode | undefined): Node | undefined {
  const name = type?.asKind(SyntaxKind.TypeReference)?.getTypeName().getText();
  return name === undefined ? type : type?.getSourceFile().getTypeAlias(name)?.getTypeNode();
}

function literalsIn(type: Node | undefined): readonly string[] {
  const union = type?.asKind(SyntaxKind.UnionType);
  if (union !== undefined) return union.getTypeNodes().flatMap(literalsIn);
  const literal = type?.asKind(SyntaxKind.LiteralType)?.getLiteral().asKind(SyntaxKind.StringLiteral);
  return literal === undefined ? [] : [literal.getLiteralText()];
}

function ofCode(doc: JSDoc | undefined, tag: string, code: string): string | undefined {
  const found = tagged(doc, tag).find((text) => text.startsWith(`${code}: `));
  return found?.slice(code.length + 2);
}

function tagged(doc: JSDoc | undefined, name: string): readonly string[] {
  const tags = doc?.getTags().filter((tag) => tag.getTagName() === name) ?? [];
  return tags.map((tag) => oneLine(tag.getCommentText()));
}

function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}
