/** The words of the tables: fields of protobuf messages as plain data, in the form of the runtime's `ProtobufMessage`. */

type Scalar = 'string' | 'int' | 'bool' | 'bytes' | 'time' | 'microTime' | 'quantity' | 'intOrString';

/** One field: its name in JSON, and what it holds. */
export interface Field {
  readonly name: string;
  readonly type: Scalar | Message;
  readonly of?: 'list' | 'map';
  readonly zero?: 'told';
}

/** Fields by their numbers. */
export interface Message {
  readonly [number: number]: Field;
}

/** Said of a field of which JSON tells a zero value too: its Go type is a pointer, or its tag lacks `omitempty`. */
export const told = 'told';

type Make = (name: string, zero?: typeof told) => Field;

const scalar =
  (type: Scalar): Make =>
  (name, zero) => ({ name, type, ...(zero && { zero }) });

/** A string. */
export const text = scalar('string');
/** A whole number of any width. */
export const int = scalar('int');
/** A boolean. */
export const bool = scalar('bool');
/** meta/v1 Time. */
export const time = scalar('time');
/** meta/v1 MicroTime. */
export const microTime = scalar('microTime');
/** util/intstr IntOrString. */
export const intOrString = scalar('intOrString');

/** An object. */
export const object = (name: string, type: Message): Field => ({ name, type });

/** A list of strings, or of objects. */
export const list = (name: string, type: Message | 'string', zero?: typeof told): Field => ({
  name,
  type,
  of: 'list',
  ...(zero && { zero }),
});

/** A map from strings. */
export const map = (name: string, type: Scalar): Field => ({ name, type, of: 'map' });
