const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem}';

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${title}</title><style>${style}</style><h1>${title}</h1>${body}</html>\n`;
}

/** Asks for the confirming click; showing it changes nothing, because mail scanners follow links. */
export function confirmPage(topic: string): string {
  return page(
    'Unsubscribe',
    `<p>You will get no more mail about <strong>${escapeHtml(topic)}</strong>.</p><form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>`,
  );
}

/** Says that it is done. */
export function donePage(topic: string): string {
  return page('Unsubscribed', `<p>You get no more mail about <strong>${escapeHtml(topic)}</strong>.</p>`);
}

/** Says that a link is not one of ours, without saying why. */
export function unknownPage(): string {
  return page('Unknown link', '<p>This link is not valid. Please use the link of the newest mail you got.</p>');
}
