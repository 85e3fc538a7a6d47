/** Turns a table of fields into functions that read it: one for each field, made once. */
import { AnswerMalformed } from '../client/answer-errors.ts';
import type { ProtobufField, ProtobufMessage, ProtobufType } from './message.ts';
import { type Reader, wire } from './reader.ts';
import { readIntOrString, readMicroTime, readQuantity, readTime } from './values.ts';

type Made = Record<string, unknown>;
type ReadValue = (reader: Reader) => unknown;

interface FieldPlan {
  readonly wireType: number;
  readonly read: (reader: Reader, into: Made) => void;
}

interface Plan {
  /** By number; undefined is skipped. */
  readonly fields: (FieldPlan | undefined)[];
  /** Lists that are null without items. */
  readonly nulls: string[];
}

/** Reads what is left in the reader as one message, into the object that JSON would give. Throws AnswerMalformed. */
export type Decode = (reader: Reader) => Made;

/** The function for a table. */
export function decoderOf(message: ProtobufMessage): Decode {
  const plan = planOf(message, new Map());
  return (reader) => readMessage(plan, reader);
}

function readMessage(plan: Plan, reader: Reader): Made {
  const made: Made = {};
  while (reader.more) {
    const tag = reader.tag();
    const field = plan.fields[tag >>> 3];
    if (field === undefined) reader.skip(tag);
    else if (field.wireType === (tag & 7)) field.read(reader, made);
    else throw new AnswerMalformed(`protobuf field ${tag >>> 3} has wire type ${tag & 7}, not ${field.wireType}`);
  }
  for (const name of plan.nulls) made[name] ??= null;
  return made;
}

/** `known` ends the work for tables that are used more than once. */
function planOf(message: ProtobufMessage, known: Map<ProtobufMessage, Plan>): Plan {
  const before = known.get(message);
  if (before !== undefined) return before;
  const plan: Plan = { fields: [], nulls: [] };
  known.set(message, plan);
  const entries: readonly (readonly [string, ProtobufField])[] = Object.entries(message);
  for (const [number, field] of entries) {
    plan.fields[Number(number)] = fieldPlan(field, known);
    if (field.of === 'list' && field.zero === 'told') plan.nulls.push(field.name);
  }
  return plan;
}

function fieldPlan(field: ProtobufField, known: Map<ProtobufMessage, Plan>): FieldPlan {
  const isVarint = field.of !== 'map' && (field.type === 'int' || field.type === 'bool');
  return { wireType: isVarint ? wire.varint : wire.bytes, read: fieldReader(field, valueReader(field.type, known)) };
}

function fieldReader({ name, of, type, zero }: ProtobufField, value: ReadValue): FieldPlan['read'] {
  if (of === 'list') {
    return (reader, into) => {
      const list = into[name];
      if (Array.isArray(list)) list.push(value(reader));
      else into[name] = [value(reader)];
    };
  }
  if (of === 'map') return mapReader(name, value, type);
  if (zero === 'told' || typeof type === 'object') {
    return (reader, into) => {
      into[name] = value(reader);
    };
  }
  return (reader, into) => {
    const read = value(reader);
    if (read !== '' && read !== 0 && read !== false && read !== null) into[name] = read;
  };
}

/** An entry is a message of its own: key 1, value 2, both left out when zero. */
function mapReader(name: string, value: ReadValue, type: ProtobufType): FieldPlan['read'] {
  const valueTag = (2 << 3) | (type === 'int' || type === 'bool' ? wire.varint : wire.bytes);
  const zero = zeroOf(type);
  return (reader, into) => {
    const outer = reader.enter();
    let key = '';
    let read: unknown;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === 0x0a) key = reader.text();
      else if (tag === valueTag) read = value(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
    put(mapAt(into, name), key, read ?? zero());
  };
}

function mapAt(into: Made, name: string): Made {
  const known = into[name];
  if (isMade(known)) return known;
  const made: Made = {};
  into[name] = made;
  return made;
}

function zeroOf(type: ProtobufType): () => unknown {
  if (typeof type === 'object') return () => ({});
  if (type === 'int' || type === 'intOrString') return () => 0;
  if (type === 'bool') return () => false;
  if (type === 'quantity') return () => '0';
  return type === 'string' || type === 'bytes' ? () => '' : () => null;
}

function isMade(value: unknown): value is Made {
  return typeof value === 'object' && value !== null;
}

/** A ConfigMap may have a key that sets the prototype when it is assigned. */
function put(map: Made, key: string, value: unknown): void {
  if (key !== '__proto__') map[key] = value;
  else Object.defineProperty(map, key, { value, configurable: true, enumerable: true, writable: true });
}

const scalars: Readonly<Record<Exclude<ProtobufType, ProtobufMessage>, ReadValue>> = {
  string: (reader) => reader.text(),
  int: (reader) => reader.int(),
  bool: (reader) => reader.int() !== 0,
  bytes: (reader) => reader.base64(),
  time: readTime,
  microTime: readMicroTime,
  quantity: readQuantity,
  intOrString: readIntOrString,
};

function valueReader(type: ProtobufType, known: Map<ProtobufMessage, Plan>): ReadValue {
  if (typeof type === 'string') return scalars[type];
  const plan = planOf(type, known);
  return (reader) => {
    const outer = reader.enter();
    const made = readMessage(plan, reader);
    reader.leave(outer);
    return made;
  };
}
