/** Values of Kubernetes that are messages in protobuf and text or a number in JSON. */
import { AnswerMalformed } from '../client/answer-errors.ts';
import type { Reader } from './reader.ts';

/** 0001-01-01, which Go takes for a time that was never set. */
const neverSeconds = -62_135_596_800;
const lastSeconds = 253_402_300_799;

/** meta/v1 Time as RFC 3339 in whole seconds; null for one that was never set. */
export function readTime(reader: Reader): string | null {
  const { seconds } = timestamp(reader);
  return seconds === undefined ? null : `${dateText(seconds)}Z`;
}

/** meta/v1 MicroTime as RFC 3339 with six digits; null for one that was never set. */
export function readMicroTime(reader: Reader): string | null {
  const { nanos, seconds } = timestamp(reader);
  if (seconds === undefined) return null;
  const micros = Math.trunc(nanos / 1000);
  return `${dateText(seconds)}.${String(micros).padStart(6, '0')}Z`;
}

function timestamp(reader: Reader): { readonly seconds?: number; readonly nanos: number } {
  const outer = reader.enter();
  let seconds = reader.more ? 0 : undefined;
  let nanos = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x08) seconds = reader.int();
    else if (tag === 0x10) nanos = reader.int();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return seconds === neverSeconds ? { nanos } : { seconds, nanos };
}

function dateText(seconds: number): string {
  if (seconds < neverSeconds || seconds > lastSeconds) {
    throw new AnswerMalformed(`a time is ${seconds} s from 1970; only the years 1 to 9999 have a text`);
  }
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** A quantity in the canonical text that the server wrote. */
export function readQuantity(reader: Reader): string {
  const outer = reader.enter();
  let text = '0';
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) text = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return text;
}

/** A number or a string. */
export function readIntOrString(reader: Reader): number | string {
  const outer = reader.enter();
  let isText = false;
  let number = 0;
  let text = '';
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x08) isText = reader.int() === 1;
    else if (tag === 0x10) number = reader.int();
    else if (tag === 0x1a) text = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return isText ? text : number;
}
