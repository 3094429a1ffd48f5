/** Draws the results: how many times the figure of each other server ours reaches, on a logarithmic scale. */
import { FLOOR, OURS, OURS_DENO_SERVE } from "./contenders.ts";
import { formatNumber } from "./report.ts";
import { lessIsBetter, ratioTo, type Results, type Row } from "./results.ts";

const WIDTH = 860;
const LABELS = 310;
const BAR = 11;
const GAP = 16;
const TOP = 64;

/** The range of the scale. */
const LEAST = 0.25;
const MOST = 32;
const TICKS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];

/** The colours hold on white and on black. */
const COLOURS: Readonly<Record<string, string>> = {
  "built-in": "#3b82c4",
  "ws-deno": "#d9822b",
  "ws-node": "#b0741a",
  bun: "#8d63b8",
};

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 14px; font-weight: 600 }
  .value { font-size: 10px }
  .grid { stroke: #8c959f; stroke-opacity: .35 }
  .one { stroke: #24292f; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .one { stroke: #e6edf3 } }`;

/** One bar. */
interface Bar {
  readonly id: string;
  readonly name: string;
  readonly value: number;
}

/**
 * Draws the chart.
 *
 * @param results A run.
 * @returns The chart, as SVG.
 */
export function drawChart(results: Results): string {
  const groups = results.rows.flatMap((row) => {
    const bars = barsOf(row);
    return bars.length === 0 ? [] : [{ name: row.workload.name, bars }];
  });
  const parts: string[] = [];
  let y = TOP;
  for (const { name, bars } of groups) {
    const middle = y + bars.length * BAR / 2 + 4;
    parts.push(`<text x="${LABELS - 12}" y="${middle}" text-anchor="end">${escape(name)}</text>`);
    for (const bar of bars) {
      parts.push(drawBar(bar, y));
      y += BAR;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 4}" viewBox="0 0 ${WIDTH} ${y + 4}">
<style>${STYLE}
</style>
<text class="title" x="12" y="20">Our figure, divided by each other's: right of the line, ours is ahead</text>
${drawLegend(groups.flatMap(({ bars }) => bars))}
${TICKS.map((tick) => drawTick(tick, y - GAP)).join("\n")}
${parts.join("\n")}
</svg>
`;
}

function barsOf(row: Row): Bar[] {
  return row.measured.flatMap((measured) => {
    const { id, name } = measured;
    const ratio = id === FLOOR || id === OURS || id === OURS_DENO_SERVE ? null : ratioTo(row, measured);
    if (ratio === null) return [];
    return [{ id, name, value: lessIsBetter(row.workload) ? 1 / ratio.value : ratio.value }];
  });
}

/** Where a ratio is on the scale. */
function xOf(value: number): number {
  const part = Math.log(Math.min(MOST, Math.max(LEAST, value)) / LEAST) / Math.log(MOST / LEAST);
  return Math.round(LABELS + part * (WIDTH - LABELS - 60));
}

function drawBar({ id, value }: Bar, y: number): string {
  const from = Math.min(xOf(1), xOf(value));
  const width = Math.max(1, Math.abs(xOf(value) - xOf(1)));
  const label = value >= 1
    ? `<text class="value" x="${from + width + 4}" y="${y + BAR - 2}">${formatNumber(value)}</text>`
    : `<text class="value" x="${from - 4}" y="${y + BAR - 2}" text-anchor="end">${formatNumber(value)}</text>`;
  return `<rect x="${from}" y="${y}" width="${width}" height="${BAR - 2}" fill="${COLOURS[id] ?? "gray"}"/>${label}`;
}

function drawTick(tick: number, bottom: number): string {
  const x = xOf(tick);
  return `<line class="${tick === 1 ? "one" : "grid"}" x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${bottom}"/>` +
    `<text class="value" x="${x}" y="${TOP - 10}" text-anchor="middle">${tick}</text>`;
}

function drawLegend(bars: readonly Bar[]): string {
  const names = new Map(bars.map(({ id, name }) => [id, name.replaceAll("`", "")]));
  return [...names].map(([id, name], index) => {
    const x = 12 + index * 150;
    return `<rect x="${x}" y="29" width="10" height="10" fill="${COLOURS[id] ?? "gray"}"/>` +
      `<text x="${x + 15}" y="38">${escape(name)}</text>`;
  }).join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

if (import.meta.main) {
  const [file] = Deno.args;
  if (file === undefined) throw new TypeError("Usage: deno run --allow-read --allow-write bench/chart.ts RESULTS.json");
  await Deno.writeTextFile(file.replace(/\.json$/, ".svg"), drawChart(JSON.parse(await Deno.readTextFile(file))));
}
