/** Words that CEL keeps for itself; Kubernetes escapes properties of that name as `__word__`. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var ' +
    'void while'
  ).split(' '),
);

/** A property name as CEL sees it (k8s.io/apiserver pkg/cel, Escape). */
export function celField(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

/** A string literal of CEL. */
export function celString(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** `self.a.b` for a path of property names. */
export function celPath(base: string, names: readonly string[]): string {
  return [base, ...names.map(celField)].join('.');
}
