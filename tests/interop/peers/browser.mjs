/**
 * Opens a page in headless Chromium, and prints what it makes of the checks:
 *
 *     node browser.mjs PAGE FOLDER_OF_MODULES PATH_OF_CHROMIUM
 *
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { ARGS } from "./chromium.mjs";

const [page, folder, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${folder}/`)("playwright-core");

const browser = await chromium.launch({ executablePath, args: ARGS });
try {
  const tab = await browser.newPage();
  tab.on("pageerror", (error) => console.error(error));
  await tab.goto(page);
  await tab.waitForFunction(() => globalThis.results !== undefined);
  console.log(JSON.stringify(await tab.evaluate(() => globalThis.results)));
} finally {
  await browser.close();
}
