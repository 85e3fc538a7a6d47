import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutManagedFields } from './managed-fields.ts';

const cut = (value: string, within: 'object' | 'event'): string => withoutManagedFields(Buffer.from(value), within);
const entry = { manager: 'a', fieldsV1: { 'f:metadata': {}, 'k:{"name":"]}"}': { '.': {} }, 'v:["x"]': {} } };
const managedFields = [entry, { ...entry, manager: 'b"]}' }];

describe('withoutManagedFields', () => {
  const object = { kind: 'Pod', metadata: { name: 'p', managedFields, uid: 'u' }, spec: { args: ['[', '{', '"'] } };
  const bare = { ...object, metadata: { ...object.metadata, managedFields: [] } };
  const cases = [
    { name: 'an object', within: 'object', value: object, wanted: bare },
    {
      name: 'a watch event',
      within: 'event',
      value: { type: 'ADDED', object },
      wanted: { type: 'ADDED', object: bare },
    },
    { name: 'none there', within: 'object', value: { metadata: { name: 'p' } }, wanted: { metadata: { name: 'p' } } },
    { name: 'none in it', within: 'object', value: bare, wanted: bare },
    // Custom resources come with sorted keys: "data" may hold anything before "metadata".
    { name: 'a template before', within: 'object', value: { data: object, metadata: object.metadata } },
    { name: 'a template after', within: 'object', value: { metadata: { name: 'p' }, spec: object } },
    { name: 'a list beside', within: 'object', value: { a: [object.metadata], metadata: { name: 'p' } } },
    { name: 'a string', within: 'object', value: { metadata: { note: JSON.stringify(object) } } },
    { name: 'an event read as an object', within: 'object', value: { type: 'ADDED', object } },
  ] as const;
  it.each(cases)('$name', ({ within, value, ...rest }) => {
    const wanted = 'wanted' in rest ? rest.wanted : value;
    expect(JSON.parse(cut(JSON.stringify(value), within))).toEqual(wanted);
  });

  it('leaves text that was cut, and text with spaces, as it is', () => {
    const json = JSON.stringify(object);
    for (let length = 0; length < json.indexOf('"uid"') - 2; length += 1) {
      expect(cut(json.slice(0, length), 'object')).toBe(json.slice(0, length));
    }
    const spaced = JSON.stringify(object, null, 1);
    expect(cut(spaced, 'object')).toBe(spaced);
  });

  it('changes nothing else, whatever the strings and keys are', () => {
    const field = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()), fc.constant({})));
    fc.assert(
      fc.property(field, field, fc.array(field), (before, after, entries) => {
        const value = { a: before, metadata: { b: before, managedFields: entries, z: after }, spec: after };
        const wanted = { ...value, metadata: { ...value.metadata, managedFields: [] } };
        expect(JSON.parse(cut(JSON.stringify(value), 'object'))).toEqual(JSON.parse(JSON.stringify(wanted)));
      }),
    );
  });
});
