/** Whether a file of this media type can be read as text. */
export function isTextType(mediaType: string): boolean {
  return textType.test(mediaType);
}

const textType =
  /^text\/|^application\/(?:json|xml|(?:x-)?yaml|javascript|x-ndjson)\b|\+(?:json|xml|yaml)\b/i;
