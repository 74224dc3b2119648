/** Three significant digits at least, whole numbers from 100 on, nothing for nothing. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined) return "";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
