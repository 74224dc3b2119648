/** One event as text: named by its type, as the API does. */
export function eventText(
  event: Readonly<Record<string, unknown>> & { readonly type: string },
): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
