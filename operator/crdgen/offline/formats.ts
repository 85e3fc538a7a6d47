import { isIPv4, isIPv6 } from 'node:net';

type Format = (text: string) => boolean;

/** Formats of strings as the API server checks them (k8s.io/kube-openapi pkg/validation/strfmt). */
export const FORMATS: Readonly<Record<string, Format>> = {
  date: isDate,
  'date-time': isDateTime,
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uri: (text) => URL.canParse(text) || text.startsWith('/'),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/.test(text),
  ipv4: (text) => isIPv4(withoutZeros(text)),
  ipv6: (text) => isIPv6(text),
  cidr: isCidr,
};

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (!year || !month || !day) return false;
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** The separator is a T; a space, which others allow, is not. */
function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.split(/t/i);
  const [, hours = '99', minutes = '99', seconds = '99'] =
    /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/i.exec(time) ?? [];
  return isDate(date) && hours <= '23' && minutes <= '59' && seconds <= '59';
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', more] = text.split('/');
  if (more !== undefined || !/^\d{1,3}$/.test(bits)) return false;
  return isIPv4(withoutZeros(address)) ? Number(bits) <= 32 : isIPv6(address) && Number(bits) <= 128;
}

/** Kubernetes reads 010.0.0.1 as 10.0.0.1. */
function withoutZeros(address: string): string {
  return address.replace(/(^|\.)0+(?=\d)/g, '$1');
}
