/**
 * Opens the page of examples/ticker.ts, and waits until its subscribers have got prices:
 *
 *     node ticker.mjs URL FOLDER_OF_MODULES PATH_OF_CHROMIUM PICTURE
 *
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { ARGS } from "./chromium.mjs";

const [url, folder, executablePath, picture] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { chromium } = require("playwright-core");
const browser = await chromium.launch({ executablePath, args: ARGS });
try {
  const tab = await (await browser.newContext({ viewport: { width: 960, height: 640 } })).newPage();
  const faults = [];
  tab.on("pageerror", (error) => faults.push(String(error)));
  await tab.goto(url);
  // Chromium opens the more slowly the more it opens: ten seconds for all.
  await tab.getByText("250 subscribers here").waitFor({ timeout: 120_000 });
  // A price for each of 8 symbols, and a plot of a few seconds.
  await tab.waitForFunction("document.querySelectorAll('li').length === 8 && /\\d/.test(p99.textContent)");
  await tab.waitForFunction("Number(rate.textContent.replace(/\\D/g, '')) > 100");
  await tab.screenshot({ path: picture });
  await tab.addScriptTag({ path: require.resolve("axe-core") });
  const { violations } = await tab.evaluate("axe.run()");
  console.log(JSON.stringify({ faults, axe: violations.map(({ id }) => id) }));
} finally {
  await browser.close();
}
