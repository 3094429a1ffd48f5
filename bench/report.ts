/** Shows rows on the console, and as a Markdown table. */
import { FLOOR, OURS, OURS_DENO_SERVE } from "./contenders.ts";
import { CURVES, TOLERANCE } from "./growth.ts";
import {
  type Measured,
  mediansOf,
  type Ratio,
  ratioTo,
  ratioUnderDenoServe,
  type Results,
  type Row,
} from "./results.ts";

/** Above this share of a core, the load generator may be what is slow. */
const LOAD_LIMIT = 0.9;

const HEAD = [
  "",
  "per s",
  "MB/s",
  "p50 µs",
  "p90 µs",
  "p99 µs",
  "CPU s/M",
  "B/conn",
  "B back",
  "flood/s",
  "load",
  "others",
  "ours ÷",
  "in CPU",
  "goal",
];

/**
 * Formats a row for the console.
 *
 * @param row The row.
 * @returns A heading, and a line for each contender.
 */
export function formatRow(row: Row): string {
  const lines = row.measured.map((measured) => formatMeasured(row, measured));
  const isUsed = HEAD.map((_, column) => column === 0 || lines.some((line) => line[column] !== ""));
  const table = [HEAD, ...lines].map((line) => line.filter((_, column) => isUsed[column]));
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  const text = table.map((line) =>
    line.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join("  ")
  );
  return [`\n${row.workload.name} (${row.workload.id})`, ...text].join("\n");
}

function formatMeasured(row: Row, measured: Measured): string[] {
  const medians = mediansOf(measured);
  if (medians === null) {
    return [measured.name, measured.samples.length === 0 ? "not here" : "FAILED", ...HEAD.slice(2).map(() => "")];
  }
  const { rate, throughput, cpu, p50, p90, p99, memory, wire, flood, load, others } = medians;
  const ratio = measured.id === OURS_DENO_SERVE ? ratioUnderDenoServe(row) : ratioTo(row, measured);
  return [
    measured.name,
    ...[rate, throughput, p50, p90, p99, cpu, memory, row.workload.compressed ? wire : NaN, flood].map(formatNumber),
    `${Math.round(load * 100)} %${load > LOAD_LIMIT ? " !" : ""}`,
    formatNumber(others),
    ...formatRatio(ratio, measured.id),
  ];
}

function formatRatio(ratio: Ratio | null, id: string): string[] {
  if (ratio === null) return ["", "", ""];
  const { value, cpu, goal, met } = ratio;
  const note = id === OURS_DENO_SERVE ? " of built-in" : "";
  return [formatNumber(value) + note, formatNumber(cpu), goal === null ? "" : `${goal} ${met ? "met" : "MISSED"}`];
}

/**
 * Formats a number with three digits.
 *
 * @param value The number.
 * @returns The text; none for NaN.
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "";
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(value < 1 ? 2 : 3);
}

/**
 * Formats the curves of growth: the cost of a unit at each point. One is linear if that grows no faster than it does
 * for the floor, whose cost grows too once its connections outgrow the machine's caches.
 *
 * @param rows Their rows.
 * @returns A heading and a line for each contender, for each curve.
 */
export function formatGrowth(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const { name, rows: points, unit, units } of CURVES) {
    const found = points.flatMap((point) => rows.find(({ workload }) => workload.id === point.id) ?? []);
    if (found.length === 0) continue;
    lines.push(`\nCPU µs per ${unit}, by ${name}`);
    for (const { id, name } of found[0].measured) {
      const costs = found.map((row) => costOf(row, id) / units(row.workload));
      const floor = found.map((row) => costOf(row, FLOOR) / units(row.workload));
      const allowed = (i: number) => Math.max(1, (floor[i] / floor[i - 1]) || 1) * TOLERANCE;
      const linear = costs.every((cost, i) => i === 0 || cost <= costs[i - 1] * allowed(i));
      lines.push(`${name}: ${costs.map(formatNumber).join("  ")}  ${linear ? "linear" : "NOT LINEAR"}`);
    }
  }
  return lines.join("\n");
}

/** The CPU time of a message, NaN if it was not measured. */
function costOf({ measured }: Row, id: string): number {
  const found = measured.find((measured) => measured.id === id);
  return (found && mediansOf(found)?.cpu) ?? NaN;
}

/**
 * Formats the results as a Markdown table: how many times faster ours is than each other, with the goal if it is
 * missed; and below it the curves of growth.
 *
 * @param results The run.
 * @returns Markdown.
 */
export function formatMarkdown({ rows, date, machine, versions, rounds, seconds, load }: Results): string {
  const others = [...new Map(rows.flatMap(({ measured }) => measured.map(({ id, name }) => [id, name])))]
    .filter(([id]) => id !== OURS && id !== OURS_DENO_SERVE);
  const head = ["Workload", "ours", ...others.map(([id, name]) => id === FLOOR ? "of the floor" : `÷ ${name}`)];
  const lines = rows.filter(({ workload }) => workload.group !== "growth").map((row) => {
    const cells = others.map(([id]) => {
      const measured = row.measured.find((measured) => measured.id === id);
      const ratio = measured === undefined ? null : ratioTo(row, measured);
      if (ratio === null) return "–";
      return formatNumber(ratio.value) + (ratio.met === false ? ` (goal ${ratio.goal})` : "");
    });
    return [row.workload.name, oursOf(row), ...cells];
  });
  const growth = formatGrowth(rows);
  const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const known = Object.entries(versions).flatMap(([name, version]) => version === null ? [] : `${name} ${version}`);
  return `${table}\n\n${date.slice(0, 10)}, ${machine}; ${
    known.join(", ")
  }. Medians of ${rounds} rounds of ${seconds} s, ` +
    `the load generator ${load}.\n${growth === "" ? "" : `\n\`\`\`\n${growth.trim()}\n\`\`\`\n`}`;
}

function oursOf(row: Row): string {
  const ours = row.measured.find(({ id }) => id === OURS);
  const medians = ours === undefined ? null : mediansOf(ours);
  if (medians === null) return "–";
  if (row.workload.load === "idle") return `${formatNumber(medians.memory / 1024)} KiB`;
  if (row.workload.every !== undefined) return `p90 ${formatNumber(medians.p90 / 1000)} ms`;
  return `${formatNumber(medians.rate)}/s`;
}
