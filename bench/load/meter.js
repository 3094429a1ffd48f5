// @ts-check
/** The readings at the start and the end of a measurement: time, CPU time, memory. Runs on any runtime. */
import fs from "node:fs";
import process from "node:process";

/** Ticks of the clock in /proc, per second: what Linux promises to programs, whatever the kernel's own rate. */
const TICKS = 100;

/**
 * The CPU time that a process has used, with all its threads.
 *
 * @param {number} pid Which.
 * @returns {number} In seconds; NaN if the system has no /proc.
 */
export function cpuSeconds(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return NaN;
  }
}

/**
 * The memory of a process that is in RAM.
 *
 * @param {number} pid Which.
 * @returns {number} In bytes; NaN if the system has no /proc.
 */
export function residentBytes(pid) {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "latin1"));
    return Number(kib?.[1]) * 1024;
  } catch {
    return NaN;
  }
}

/**
 * The CPU time that everything on the machine has used.
 *
 * @returns {number} In seconds; NaN if the system has no /proc.
 */
function busySeconds() {
  try {
    const [user, nice, system, , , irq, softirq] = fs.readFileSync("/proc/stat", "latin1").split(/\s+/).slice(1);
    return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
  } catch {
    return NaN;
  }
}

/** One measurement: the difference between two readings, of the measured process and of the measuring one. */
export class Meter {
  /** @param {number} pid The process measured. */
  constructor(pid) {
    this.pid = pid;
    this.time = performance.now();
    this.cpu = cpuSeconds(pid);
    this.busy = busySeconds();
    this.own = process.cpuUsage();
  }

  /**
   * Reads what has passed since the beginning.
   *
   * @returns {{ seconds: number, cpu: number, load: number, others: number }} Seconds on the clock, CPU seconds of the
   * process measured, the load generator's share of a core, and how many cores everything else has taken.
   */
  read() {
    const seconds = (performance.now() - this.time) / 1000;
    const { user, system } = process.cpuUsage(this.own);
    const cpu = cpuSeconds(this.pid) - this.cpu;
    const own = (user + system) / 1e6;
    const others = Math.max(0, busySeconds() - this.busy - cpu - own) / seconds;
    return { seconds, cpu, load: own / seconds, others };
  }
}

/** Times in steps of a microsecond, up to a second. */
export class Histogram {
  constructor() {
    this.counts = new Uint32Array(1_000_000);
    this.total = 0;
  }

  /** @param {number} milliseconds One time. */
  add(milliseconds) {
    this.counts[Math.min(999_999, Math.floor(milliseconds * 1000))]++;
    this.total++;
  }

  /** Forgets all times. */
  clear() {
    this.counts.fill(0);
    this.total = 0;
  }

  /**
   * @param {number} part Such as 0.99.
   * @returns {number} The time, in microseconds, that this part of all times stays below.
   */
  percentile(part) {
    let left = Math.ceil(this.total * part);
    for (let at = 0; at < this.counts.length; at++) {
      left -= this.counts[at];
      if (left <= 0) return at + 1;
    }
    return NaN;
  }
}

/**
 * @param {number} seconds How long to wait.
 * @returns {Promise<void>}
 */
export function wait(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
